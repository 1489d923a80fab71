package e2e

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shippedFile is where config/file.yaml writes to.
func (s *stage) shippedFile() string { return filepath.Join(s.dataDirectory(), "total-events.ndjson") }

// readLines reads the events as any program does that reads lines: one that is no JSON is skipped, whole.
func readLines(t *testing.T, path string) (events []totalEvent, broken, blank int) {
	t.Helper()
	for _, file := range outputs(t, path) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		lines := bytes.Split(text, []byte("\n"))
		for i, line := range lines {
			event := totalEvent{line: string(line)}
			switch {
			case len(line) == 0 && i < len(lines)-1:
				blank++
			case len(line) == 0:
			case json.Unmarshal(line, &event) != nil:
				broken++
			default:
				events = append(events, event)
			}
		}
	}
	return events, broken, blank
}

// haveLines returns a condition that is met when all expected events stand on lines of their own.
func (s *stage) haveLines(want expected) func() bool {
	return func() bool {
		events, _, _ := readLines(s.t, s.shippedFile())
		return len(want.missing(events)) == 0
	}
}

// Killed at any moment and started again, with files that are rotated: a reader of lines finds every event.
func TestFileKilled(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	random := newRandom(t)
	s.leavePiece(random)
	c := s.startShipped("file.yaml", []string{"rotating.yaml"})
	s.eventually(func() bool { return written(t, s.shippedFile()) > 100_000 }, "events should come")
	c.stop() // what it has delivered does not come again
	lives := 0
	for started := time.Now(); lives < 4 && time.Since(started) < wait; {
		c := s.startShipped("file.yaml", []string{"rotating.yaml"})
		size := written(t, s.shippedFile())
		more := 1 + random.Int64N(300_000)
		s.eventually(func() bool { return written(t, s.shippedFile()) >= size+more || s.haveLines(want)() }, "events should come")
		c.kill()
		lives++
	}
	c = s.startShipped("file.yaml", []string{"rotating.yaml"})
	require.Eventually(t, s.haveLines(want), wait, longTick, "all events should come")
	c.stop()
	events, broken, blank := readLines(t, s.shippedFile())
	again := want.delivered(t, events)
	assert.Greater(t, len(outputs(t, s.shippedFile())), 1, "the files were rotated")
	assert.Positive(t, broken)
	assert.LessOrEqual(t, broken, lives+1, "a life leaves at most one piece of a line behind")
	t.Logf("%d events, %d of them again, after %d lives; %d pieces of lines, %d blank lines", len(want.events), again, lives, broken, blank)
}

// leavePiece is what a collector leaves behind that is killed while it writes its first line, which happens too rarely
// to wait for.
func (s *stage) leavePiece(random *rand.Rand) {
	s.t.Helper()
	require.NoError(s.t, os.MkdirAll(s.dataDirectory(), 0o700))
	const piece = `{"event_id":"00000000-0000-5000-8000-000000000000","event_type":"AUTH"`
	require.NoError(s.t, os.WriteFile(s.shippedFile(), []byte(piece[:1+random.IntN(len(piece)-1)]), 0o600))
}

// A disk that is full holds the collector up; when there is room again, it goes on, and a reader of lines finds every
// event.
func TestFileDiskFull(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	resize := mountSmallDisk(t, s.dataDirectory(), "1m")
	c := s.startShipped("file.yaml", nil)
	s.eventually(func() bool { return strings.Contains(c.log(), "no space left on device") }, "the log should say what is wrong")
	memory := c.watchMemory()
	time.Sleep(2 * time.Second) // a full disk stays so for a while: there is nothing to wait for
	memory.bounded()
	before, _, _ := readLines(t, s.shippedFile())
	require.NotEmpty(t, want.missing(before))
	resize("64m")
	require.Eventually(t, s.haveLines(want), wait, longTick, "all events should come")
	c.stop()
	events, broken, blank := readLines(t, s.shippedFile())
	again := want.delivered(t, events)
	assert.Positive(t, broken, "the full disk cut a line off")
	t.Logf("%d events, full after %d; %d came again, %d pieces of lines, %d blank lines", len(want.events), len(before), again, broken, blank)
}

// mountSmallDisk makes directory a file system of its own, whose size can be changed.
func mountSmallDisk(t *testing.T, directory, size string) (resize func(size string)) {
	t.Helper()
	require.NoError(t, os.MkdirAll(directory, 0o700))
	mount := func(options string) ([]byte, error) {
		return exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", directory).CombinedOutput()
	}
	if output, err := mount("size=" + size); err != nil {
		t.Skipf("SKIPPED, nothing was shown: a small file system needs root and Linux: %v %s", err, output)
	}
	t.Cleanup(func() {
		output, err := exec.Command("umount", "-l", directory).CombinedOutput()
		assert.NoError(t, err, "%s", output)
	})
	return func(size string) {
		output, err := mount("remount,size=" + size)
		require.NoError(t, err, "%s", output)
	}
}

// Somebody removes the file while the collector runs: what is delivered from then on stands in a new one.
func TestFileRemoved(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	release := s.holdAfter(len(want.rows) / 3)
	c := s.startShipped("file.yaml", nil)
	s.returned(len(want.rows) / 3)
	size, still := int64(-1), 0
	s.eventually(func() bool {
		before := size
		if size = written(t, s.shippedFile()); size > 0 && size == before {
			still++
		} else {
			still = 0
		}
		return still > 20
	}, "what was read should be delivered")
	kept, err := os.ReadFile(s.shippedFile())
	require.NoError(t, err)
	aside := strings.TrimSuffix(s.shippedFile(), ".ndjson") + "-removed.ndjson" // the test reads it as one of the outputs
	require.NoError(t, os.WriteFile(aside, kept, 0o600))
	require.NoError(t, os.Remove(s.shippedFile()))
	release()
	require.Eventually(t, s.haveLines(want), wait, longTick, "all events should come, in files that have a name")
	s.eventually(func() bool { return strings.Contains(c.log(), "was removed, renamed or replaced") }, "the log should tell")
	c.stop()
	events, broken, _ := readLines(t, s.shippedFile())
	again := want.delivered(t, events)
	assert.Zero(t, broken)
	t.Logf("%d events, %d of them again", len(want.events), again)
}
