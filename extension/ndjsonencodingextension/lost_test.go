//go:build unix

package ndjsonencodingextension

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// numbered are records with the numbers from..to-1 as body.
func numbered(from, to int) plog.Logs {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for n := from; n < to; n++ {
		body := records.AppendEmpty().Body().SetEmptyMap()
		body.PutInt("n", int64(n))
		body.PutStr("text", strings.Repeat("x", 200))
	}
	return logs
}

// kept are the numbers in all files of the folder that are whole events, with how often each stands there.
func kept(t *testing.T, folder string) map[int]int {
	t.Helper()
	found := map[int]int{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for line := range strings.Lines(string(content)) {
			var event struct{ N *int }
			if json.Unmarshal([]byte(line), &event) == nil && event.N != nil {
				found[*event.N]++
			}
		}
		return err
	}))
	return found
}

func assertKept(t *testing.T, folder string, from, to int) {
	t.Helper()
	found := kept(t, folder)
	for n := from; n < to; n++ {
		assert.NotZero(t, found[n], "event %d was delivered and is in no file that has a name", n)
	}
}

var modes = map[string]map[string]any{
	"with rotation":    {"rotation": map[string]any{"max_megabytes": 1}},
	"without rotation": {"append": true},
}

// What the exporter takes after its file has lost its name stands in a file that has one.
func TestEventsStandInAFileThatHasAName(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"removed": os.Remove,
		"renamed": func(path string) error { return os.Rename(path, path+".1") },
		"renamed, and a new one in its place": func(path string) error {
			return errors.Join(os.Rename(path, path+".1"), os.WriteFile(path, nil, 0o600))
		},
		"another one moved over it": func(path string) error {
			return errors.Join(os.WriteFile(path+".new", []byte("{}\n{"), 0o600), os.Rename(path+".new", path))
		},
		"removed with its folder, and that made again": func(path string) error {
			return errors.Join(os.RemoveAll(filepath.Dir(path)), os.Mkdir(filepath.Dir(path), 0o750))
		},
	} {
		for mode, settings := range modes {
			for _, before := range []int{1, 3} { // chunks
				t.Run(fmt.Sprintf("%s/%s/after %d chunks", name, mode, before), func(t *testing.T) {
					folder := filepath.Join(t.TempDir(), "out")
					require.NoError(t, os.Mkdir(folder, 0o750))
					path := filepath.Join(folder, "events.ndjson")
					files := startFileExporterWith(t, path, settings, zap.NewNop())
					sent := 0
					send := func() {
						require.NoError(t, files.ConsumeLogs(t.Context(), numbered(sent, sent+10)))
						sent += 10
					}
					for range before {
						send()
					}
					require.NoError(t, lose(path))
					after := sent
					for range 5 {
						send()
					}
					require.NoError(t, files.Shutdown(t.Context()))
					assertKept(t, folder, after, sent)
				})
			}
		}
	}
}

// With its next rotation the exporter writes to a file with a name again, and the log has said so once.
func TestRotationEndsTheLoss(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "events.ndjson")
	core, log := observer.New(zapcore.InfoLevel)
	files := startFileExporterWith(t, path, modes["with rotation"], zap.New(core))
	require.NoError(t, files.ConsumeLogs(t.Context(), numbered(0, 10)))
	require.NoError(t, os.Remove(path))
	const perCall, calls = 300, 40 // about 2.5 MB with files of 1 MB
	for call := range calls {
		require.NoError(t, files.ConsumeLogs(t.Context(), numbered(call*perCall, (call+1)*perCall)))
	}
	require.NoError(t, files.Shutdown(t.Context()))
	assertKept(t, folder, 0, perCall*calls)
	repeated := 0
	for _, times := range kept(t, folder) {
		repeated += times - 1
	}
	assert.LessOrEqual(t, repeated, perCall, "only the chunk at which it rotates may stand in two files")
	require.Equal(t, 2, log.Len(), "%v", log.All())
	assert.Equal(t, zapcore.WarnLevel, log.All()[0].Level)
	assert.Contains(t, log.All()[0].Message, "was removed, renamed or replaced")
	assert.Contains(t, log.All()[1].Message, "of its path again")
}

// Where the file cannot be written anew, the rows are held: the error is one after which the sender tries again.
func TestEventsAreHeldWhereNoFileCanBe(t *testing.T) {
	makeFolder := func(path string) error { return os.Mkdir(filepath.Dir(path), 0o750) }
	for name, c := range map[string]struct {
		breakIt, mend func(path string) error
	}{
		"the folder is gone": {
			func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
			makeFolder,
		},
		"a folder stands in its place": {
			func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o750)) },
			os.Remove,
		},
		"a file stands in its folder's place": {
			func(path string) error {
				return errors.Join(os.RemoveAll(filepath.Dir(path)), os.WriteFile(filepath.Dir(path), nil, 0o600))
			},
			func(path string) error { return errors.Join(os.Remove(filepath.Dir(path)), makeFolder(path)) },
		},
		"a full disk": {
			func(path string) error { return errors.Join(os.Remove(path), os.Symlink("/dev/full", path)) },
			os.Remove,
		},
	} {
		for mode, settings := range modes {
			t.Run(name+"/"+mode, func(t *testing.T) {
				if _, err := os.Stat("/dev/full"); err != nil && name == "a full disk" {
					t.Skip("the system has no /dev/full")
				}
				folder := filepath.Join(t.TempDir(), "out")
				require.NoError(t, os.Mkdir(folder, 0o750))
				path := filepath.Join(folder, "events.ndjson")
				files := startFileExporterWith(t, path, settings, zap.NewNop())
				require.NoError(t, files.ConsumeLogs(t.Context(), numbered(0, 10)))
				require.NoError(t, c.breakIt(path))
				for range 3 {
					err := files.ConsumeLogs(t.Context(), numbered(10, 20))
					require.Error(t, err)
					require.False(t, consumererror.IsPermanent(err), "%v", err)
					require.ErrorContains(t, err, path)
				}
				require.NoError(t, c.mend(path))
				require.NoError(t, files.ConsumeLogs(t.Context(), numbered(10, 20)))
				require.NoError(t, files.Shutdown(t.Context()))
				assertKept(t, folder, 10, 20)
			})
		}
	}
}

// A file that was emptied from outside is written on behind a gap of NUL bytes, where the exporter began it itself.
func TestFileEmptiedFromOutside(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "events.ndjson")
	files := startFileExporter(t, path)
	const perCall, calls = 300, 20 // the second file of 1 MB is one that the exporter began
	for call := range calls {
		require.NoError(t, files.ConsumeLogs(t.Context(), numbered(call*perCall, (call+1)*perCall)))
	}
	require.NoError(t, os.Truncate(path, 0))
	const sent = calls * perCall
	require.NoError(t, files.ConsumeLogs(t.Context(), numbered(sent, sent+10)))
	require.NoError(t, files.ConsumeLogs(t.Context(), numbered(sent+10, sent+20)))
	require.NoError(t, files.Shutdown(t.Context()))
	assertKept(t, folder, sent, sent+20)
}

// Senders at the same time, rotations, and somebody who renames the file now and then.
func TestRenamedAmidManySenders(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "events.ndjson")
	files := startFileExporter(t, path)
	const senders, calls, perCall = 4, 40, 50
	var running sync.WaitGroup
	for sender := range senders {
		running.Go(func() {
			for call := range calls {
				from := (sender*calls + call) * perCall
				assert.NoError(t, files.ConsumeLogs(t.Context(), numbered(from, from+perCall)))
				if sender == 0 && call%10 == 5 {
					_ = os.Rename(path, fmt.Sprintf("%s.%d", path, call))
				}
			}
		})
	}
	running.Wait()
	require.NoError(t, files.Shutdown(t.Context()))
	assertKept(t, folder, 0, senders*calls*perCall)
}
