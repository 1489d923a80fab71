package destination

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"
	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/extension/ndjsonencodingextension"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/event"
)

// line is the n-th event, as it stands in a file.
func line(n int) string {
	return fmt.Sprintf(`{"event_id":"%s","event_type":"AUTH","domain_id":"d1","timestamp":"2026-03-15T08:45:12Z","payload":{"n":%d}}`, idOf(n), n)
}

func idOf(n int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, fmt.Append(nil, n)) }

// logs are records of events from..to.
func logs(from, to int) plog.Logs {
	all := plog.NewLogs()
	records := all.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for n := from; n < to; n++ {
		body := records.AppendEmpty().Body().SetEmptyMap()
		body.PutStr("event_id", idOf(n).String())
		body.PutStr("event_type", "AUTH")
		body.PutStr("domain_id", "d1")
		body.PutStr("timestamp", "2026-03-15T08:45:12Z")
		body.PutEmptyMap("payload").PutInt("n", int64(n))
	}
	return all
}

// readAll are the events of a destination, each with where it stands.
func readAll(t *testing.T, d Destination) (map[event.Event][]string, *Stats) {
	t.Helper()
	events := map[event.Event][]string{}
	stats, err := d.Read(t.Context(), func(e event.Event, place comparison.Place) error {
		events[e] = append(events[e], filepath.Base(d.Show(place)))
		return nil
	})
	require.NoError(t, err)
	return events, stats
}

func readFiles(t *testing.T, pattern string) (map[event.Event][]string, *Stats) {
	t.Helper()
	files, err := OpenFiles(pattern)
	require.NoError(t, err)
	defer func() { assert.NoError(t, files.Close()) }()
	return readAll(t, files)
}

// parsed is the n-th event.
func parsed(t *testing.T, n int) event.Event {
	t.Helper()
	var p event.Parser
	e, err := p.Parse([]byte(line(n)))
	require.NoError(t, err)
	return e
}

// What the file exporter writes is read, in each of its formats.
func TestFilesOfTheExporter(t *testing.T) {
	const calls, each = 40, 50
	want := map[event.Event]bool{}
	for n := range calls * each {
		want[parsed(t, n)] = true
	}
	encoding := component.MustNewID("ndjson_encoding")
	factory := ndjsonencodingextension.NewFactory()
	ndjson, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig())
	require.NoError(t, err)
	with := collector.Extensions{encoding: ndjson}
	for name, settings := range map[string]map[string]any{
		"ndjson":             {"encoding": "ndjson_encoding"},
		"ndjson and rotated": {"encoding": "ndjson_encoding", "rotation": map[string]any{"max_megabytes": 1}},
		"ndjson and zstd":    {"encoding": "ndjson_encoding", "compression": "zstd"},
		"json":               {"format": "json"},
		"json and zstd":      {"format": "json", "compression": "zstd"},
		"proto":              {"format": "proto"},
		"proto and zstd":     {"format": "proto", "compression": "zstd"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "events.log")
			settings["path"] = path
			f := fileexporter.NewFactory()
			cfg := f.CreateDefaultConfig()
			require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
			e, err := f.CreateLogs(t.Context(), exportertest.NewNopSettings(f.Type()), cfg)
			require.NoError(t, err)
			require.NoError(t, e.Start(t.Context(), with))
			copies := 1
			if settings["rotation"] != nil {
				copies = 10 // some megabytes
			}
			for range copies {
				for call := range calls {
					require.NoError(t, e.ConsumeLogs(t.Context(), logs(call*each, (call+1)*each)))
				}
			}
			require.NoError(t, e.Shutdown(t.Context()))
			written, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
			require.NoError(t, err)
			assert.Equal(t, copies > 1, len(written) > 1, "rotated: %s", written)

			events, stats := readFiles(t, path)
			assert.EqualValues(t, copies*calls*each, stats.Events)
			assert.Zero(t, stats.Unreadable, stats.Examples)
			require.Len(t, events, len(want))
			for e, places := range events {
				assert.True(t, want[e])
				assert.Len(t, places, copies)
			}
		})
	}
}

func compressed(t *testing.T, with, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	switch with {
	case "gzip":
		w := gzip.NewWriter(&b)
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Close())
	case "zstd":
		w, err := zstd.NewWriter(&b)
		require.NoError(t, err)
		_, err = w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Close())
	default:
		b.WriteString(text)
	}
	return b.Bytes()
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

// Which files belong to a name or pattern, and that each event is read once.
func TestRotatedAndCompressedFiles(t *testing.T) {
	directory := t.TempDir()
	in := func(name string) string { return filepath.Join(directory, name) }
	write(t, in("total-events.ndjson"), []byte(line(0)+"\n"))
	write(t, in("total-events-2026-03-15T08-45-12.000.ndjson"), []byte(line(1)+"\n"))
	write(t, in("total-events-2026-03-15T07-45-12.000.ndjson.gz"), compressed(t, "gzip", line(2)+"\n"))
	write(t, in("total-events-2026-03-15T06-45-12.000.ndjson.zst"), compressed(t, "zstd", line(3)+"\n"))
	write(t, in("total-events.ndjson.1"), []byte(line(4)+"\n"))
	write(t, in("total-events.ndjson.2.gz"), compressed(t, "gzip", line(5)+"\n"))
	// A compressed copy that is being made.
	write(t, in("total-events.ndjson.1.gz"), compressed(t, "gzip", line(4)+"\n")[:20])
	// Two names of one file.
	require.NoError(t, os.Link(in("total-events.ndjson"), in("total-events.ndjson.3")))
	write(t, in("total-events-copy.ndjson"), []byte(line(6)+"\n"))
	require.NoError(t, os.Mkdir(in("total-events.ndjson.4"), 0o700))

	for pattern, want := range map[string]int{
		"total-events.ndjson": 6, "total-events*": 7, "total-events-*": 4, "total-events.ndjson.2.gz": 1,
	} {
		events, stats := readFiles(t, in(pattern))
		assert.Len(t, events, want, pattern)
		assert.Zero(t, stats.Unreadable, "%s: %s", pattern, stats.Examples)
		for _, places := range events {
			assert.Len(t, places, 1, pattern)
		}
	}
}

// What cannot be read is named by its place, and does not hide what can.
func TestUnreadableFiles(t *testing.T) {
	whole := strings.Join([]string{line(1), line(2), line(3)}, "\n") + "\n"
	for name, test := range map[string]struct {
		content    []byte
		events     int
		unreadable []string
	}{
		"empty":            {nil, 0, nil},
		"blank lines":      {[]byte("\n\n" + whole + "\r\n"), 3, nil},
		"no last newline":  {[]byte(strings.TrimSpace(whole)), 3, nil},
		"a piece":          {[]byte(line(1)[:50] + "\n" + line(2)), 1, []string{"f:1: it is no JSON"}},
		"cut off":          {[]byte(whole[:len(whole)-20]), 2, []string{"f:3: it is no JSON"}},
		"no event":         {[]byte(whole + `{"a":1}` + "\n"), 3, []string{"f:4: it is no TOTAL event"}},
		"gzip, cut off":    {compressed(t, "gzip", whole)[:60], 0, []string{"f:1: the rest of the file cannot be read"}},
		"gzip, broken":     {[]byte{0x1f, 0x8b, 9, 9}, 0, []string{"f:0: it cannot be decompressed"}},
		"zstd, cut off":    {compressed(t, "zstd", whole)[:40], 0, []string{"f:"}},
		"a length alone":   {[]byte{0, 0}, 0, []string{"f:1: the rest of the file cannot be read"}},
		"message, cut off": {[]byte{0, 0, 1, 0, 'x'}, 0, []string{"f:1: the file ends within a message"}},
		"no OTLP":          {[]byte{0, 0, 0, 2, 0xff, 0xff}, 0, []string{"f:1: it is neither JSON nor an OTLP request"}},
		"no OTLP JSON":     {[]byte(`{"resourceLogs":7}`), 0, []string{"f:1: it is no OTLP request"}},
		"not a letter":     {[]byte("hello\n" + whole), 3, []string{"f:1: it is neither JSON nor an OTLP request"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			write(t, path, test.content)
			events, stats := readFiles(t, path)
			assert.Len(t, events, test.events)
			assert.EqualValues(t, len(test.unreadable), stats.Unreadable, stats.Examples)
			for i, want := range test.unreadable {
				assert.Contains(t, stats.Examples[i], want)
			}
		})
	}
}

// A destination is read as it stood: what comes later, and renaming, changes nothing.
func TestFilesAreReadAsTheyStood(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "events.ndjson")
	write(t, path, []byte(line(1)+"\n"))
	files, err := OpenFiles(path)
	require.NoError(t, err)
	defer func() { assert.NoError(t, files.Close()) }()
	require.NoError(t, os.Rename(path, filepath.Join(directory, "events-2026.ndjson")))
	appended, err := os.OpenFile(filepath.Join(directory, "events-2026.ndjson"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = appended.WriteString(line(2) + "\n")
	require.NoError(t, err)
	require.NoError(t, appended.Close())
	events, _ := readAll(t, files)
	assert.Len(t, events, 1)
}

func TestNoFiles(t *testing.T) {
	_, err := OpenFiles(filepath.Join(t.TempDir(), "x"))
	assert.ErrorContains(t, err, "no file matches")
	_, err = OpenFiles("[")
	assert.ErrorContains(t, err, "is no pattern")
}

func TestReadingEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, []byte(line(1)+"\n"+line(2)+"\n"))
	files, err := OpenFiles(path)
	require.NoError(t, err)
	defer func() { assert.NoError(t, files.Close()) }()
	_, err = files.Read(t.Context(), func(event.Event, comparison.Place) error { return assert.AnError })
	assert.ErrorIs(t, err, assert.AnError)
}
