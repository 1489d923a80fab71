package verification

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/kafka/configkafka"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/destination"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/event"
)

var from = time.Date(2026, 3, 15, 8, 0, 0, 0, time.UTC)

const logons = "DeviceLogonEvents"

// fakeSource has rows of one table, by number.
type fakeSource struct {
	tables []string
	rows   int
	err    error
}

func (s *fakeSource) Tables() []string { return s.tables }

func (s *fakeSource) Due(string, time.Time) (time.Time, time.Time) { return from, from.Add(time.Hour) }

func (s *fakeSource) ReadDirectories(context.Context, consumer.Logs) error { return nil }

// ReadRows gives rows that are their numbers.
func (s *fakeSource) ReadRows(ctx context.Context, table string, _, _ time.Time, next consumer.Logs) error {
	if table != logons || s.err != nil {
		return s.err
	}
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().Resource().Attributes().PutInt("rows", int64(s.rows))
	return next.ConsumeLogs(ctx, logs)
}

func idOf(n int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, fmt.Append(nil, n)) }

func timeOf(n int) time.Time { return from.Add(time.Duration(n) * 10 * time.Millisecond) }

// line is the event of the n-th row.
func line(n int) string {
	return fmt.Sprintf(`{"event_id":"%s","event_type":"AUTH","domain_id":"d1","tuid":"t1","timestamp":"%s","payload":{"user":"jane","action":"LogonSuccess","n":%d},"raw_metadata":{"late":true}}`,
		idOf(n), timeOf(n).Format(time.RFC3339Nano), n)
}

// made are the events of the rows.
var made = sync.OnceValue(func() []event.Event {
	all := make([]event.Event, events)
	for n := range all {
		body := pcommon.NewValueMap()
		m := body.Map()
		m.PutStr("event_id", idOf(n).String())
		m.PutStr("event_type", "AUTH")
		m.PutStr("domain_id", "d1")
		m.PutStr("tuid", "t1")
		m.PutStr("timestamp", timeOf(n).Format(time.RFC3339Nano))
		payload := m.PutEmptyMap("payload")
		payload.PutStr("user", "jane")
		payload.PutStr("action", "LogonSuccess")
		payload.PutInt("n", int64(n))
		m.PutEmptyMap("raw_metadata")
		all[n], _ = event.Of(body)
	}
	return all
})

// process is the test's processor.
func process(take func(comparison.Row) error) (consumer.Logs, error) {
	return consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		rows, _ := logs.ResourceLogs().At(0).Resource().Attributes().Get("rows")
		for n := range int(rows.Int()) {
			e := made()[n]
			if err := take(comparison.Row{Table: logons, ID: e.ID, Time: e.Time, Event: &e}); err != nil {
				return err
			}
		}
		return nil
	})
}

// What is wrong with the copies of a hundred thousand events.
const events = 100_000

var (
	removed = []int{0, 1, 17_000, 33_333, 50_000, 77_777, 99_999}
	doubled = []int{2, 20_000, 40_000, 60_000, 99_998}
	altered = []int{3, 45_678, 90_000}
)

// copies are the lines of a destination.
var copies = sync.OnceValue(func() []string {
	var lines []string
	for n := range events {
		switch text := line(n); {
		case slices.Contains(removed, n):
		case slices.Contains(doubled, n):
			lines = append(lines, text, text)
		case slices.Contains(altered, n):
			lines = append(lines, strings.Replace(text, "LogonSuccess", "LogonFailed", 1))
		default:
			lines = append(lines, text)
		}
	}
	return lines
})

func verify(t *testing.T, d destination.Destination, change func(*Plan)) (*Report, error) {
	t.Helper()
	p := Plan{
		From: from, To: from.Add(time.Hour), DomainID: "d1", Named: 100, Temporary: t.TempDir(), Opened: from.Add(2 * time.Hour),
		Source: &fakeSource{tables: []string{logons}, rows: events}, Destination: d, Process: process,
	}
	if change != nil {
		change(&p)
	}
	report, err := Run(t.Context(), p)
	left, readErr := os.ReadDir(p.Temporary)
	require.NoError(t, readErr)
	assert.Empty(t, left, "temporary files are removed")
	return report, err
}

// assertNamed: exactly the events that were spoiled are named.
func assertNamed(t *testing.T, r *Report) {
	t.Helper()
	assert.Equal(t, comparison.Deviating, r.Verdict)
	assert.Equal(t, comparison.Counts{
		Rows: events, Expected: events, Present: events - 7, Absent: 7, Altered: 3, Repeated: 5, Copies: 5,
	}, r.Total)
	for _, list := range []struct {
		comparison.List
		want []int
	}{{r.Absent, removed}, {r.Repeated, doubled}, {r.Altered, altered}, {r.Unexpected, nil}, {r.Attributed, nil}, {r.Undecided, nil}, {r.NotDue, nil}} {
		var want, got []string
		for _, n := range list.want {
			want = append(want, idOf(n).String())
		}
		for _, e := range list.Events {
			got = append(got, e.ID)
		}
		assert.Equal(t, want, got)
		assert.EqualValues(t, len(want), list.Count)
	}
}

func spoiledFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "total-events.ndjson")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(copies(), "\n")+"\n"), 0o600))
	return path
}

func TestSpoiledFile(t *testing.T) {
	files, err := destination.OpenFiles(spoiledFile(t))
	require.NoError(t, err)
	defer func() { assert.NoError(t, files.Close()) }()
	var said []string
	r, err := verify(t, files, func(p *Plan) { p.Progress = func(text string) { said = append(said, text) } })
	require.NoError(t, err)
	assertNamed(t, r)
	text := r.Text()
	assert.Contains(t, text, "\naltered: the destination holds them with other content: 3\n    "+idOf(3).String()+"  DeviceLogonEvents  2026-03-15T08:00:00.03Z  "+files.Show(comparison.Place{Position: 3}))
	assert.Contains(t, text, "2 copies  "+files.Show(comparison.Place{Position: 1})+" "+files.Show(comparison.Place{Position: 2}))
	assert.True(t, strings.HasSuffix(text, "\nevents are absent or altered: absent: 7; altered: 3; repeated: 5; unexpected: 0; not due: 0\n"), text)
	assert.Contains(t, said, "the destination holds 99998 events")
	t.Log("\n" + text)
}

func TestSpoiledTopic(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "total-events"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.DefaultProduceTopic("total-events"),
		kgo.MaxBufferedRecords(2*events), kgo.ProducerBatchCompression(kgo.NoCompression()))
	require.NoError(t, err)
	t.Cleanup(client.Close)
	for _, line := range copies() {
		client.Produce(t.Context(), &kgo.Record{Value: []byte(line)}, nil)
	}
	require.NoError(t, client.Flush(t.Context()))
	settings := configkafka.NewDefaultClientConfig()
	settings.Brokers = cluster.ListenAddrs()
	topic, err := destination.OpenTopic(t.Context(), destination.TopicSettings{Name: "total-events", Client: settings})
	require.NoError(t, err)
	defer func() { assert.NoError(t, topic.Close()) }()
	r, err := verify(t, topic, nil)
	require.NoError(t, err)
	assertNamed(t, r)
}

// A destination without a fault.
func TestWholeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte(line(0)+"\n"+line(1)+"\n"), 0o600))
	files, err := destination.OpenFiles(path)
	require.NoError(t, err)
	defer func() { assert.NoError(t, files.Close()) }()
	r, err := verify(t, files, func(p *Plan) { p.Source = &fakeSource{tables: []string{logons, "Alerts"}, rows: 2} })
	require.NoError(t, err)
	assert.Equal(t, comparison.Complete, r.Verdict)
	assert.Contains(t, r.Tables, "Alerts", "that nothing was to be found is said, too")
	assert.True(t, strings.HasSuffix(r.Text(), "\nall events are present and unaltered: 2; repeated: 0; unexpected: 0; not due: 0\n"))

	r, err = verify(t, files, func(p *Plan) { p.Source = &fakeSource{tables: []string{logons}} })
	require.NoError(t, err)
	assert.EqualValues(t, 2, r.Unexpected.Count)

	_, err = verify(t, files, func(p *Plan) { p.Source = &fakeSource{tables: []string{logons}, err: assert.AnError} })
	assert.ErrorIs(t, err, assert.AnError)
	_, err = verify(t, files, func(p *Plan) { p.Tables = []string{"EmailEvents"} })
	assert.ErrorContains(t, err, `does not read events of a table "EmailEvents": it reads DeviceLogonEvents`)
}

// An event can be unexpected only if all tables of its type were read.
func TestTypes(t *testing.T) {
	endpoint := []string{"DeviceProcessEvents", "DeviceEvents"}
	for name, test := range map[string]struct {
		available, chosen, tables, types []string
	}{
		"all":            {append(endpoint, logons), nil, append(endpoint, logons), []string{"ENDPOINT", "AUTH"}},
		"one of a type":  {append(endpoint, logons), []string{"DeviceEvents"}, []string{"DeviceEvents"}, nil},
		"the others":     {append(endpoint, logons), []string{logons}, []string{logons}, []string{"AUTH"}},
		"all of a type":  {append(endpoint, logons), []string{"DeviceEvents", "DeviceProcessEvents"}, endpoint, []string{"ENDPOINT"}},
		"the only other": {[]string{"DeviceEvents", logons}, []string{"DeviceEvents"}, []string{"DeviceEvents"}, []string{"ENDPOINT"}},
	} {
		p := Plan{Source: &fakeSource{tables: test.available}, Tables: test.chosen}
		selected, err := p.selected()
		require.NoError(t, err)
		assert.Equal(t, test.tables, selected, name)
		assert.Equal(t, test.types, p.types(selected), name)
	}
}
