package main

import (
	"bytes"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver"
	"github.com/otelcol-defender/otelcol-defender/scripts/bench/internal/report"
	"github.com/otelcol-defender/otelcol-defender/scripts/bench/internal/service"
)

// reading is a receiver in this process that reads a replaying service, with the settings of a measured collector.
func reading(t *testing.T, s *service.Service) *collector.Sink {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	server, err := startTLS(s.Handler(), ca)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	settings := setup{service: server.URL, ca: ca}.receiver(0)
	maps.Copy(settings["credentials"].(tree), tree{"client_id": "00000000-0000-4000-8000-00000000c11e", "client_secret": "not-a-secret"})
	delete(settings["credentials"].(tree), "client_secret_file")
	settings["storage"] = "memory"

	factory := defenderreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(config))
	sink := new(collector.Sink)
	r, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), config, sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), collector.Extensions{component.MustNewID("memory"): collector.NewStorage()}))
	t.Cleanup(func() { require.NoError(t, r.Shutdown(t.Context())) })
	return sink
}

// The receiver gets from the replaying service what the emulator has answered to its own queries: each row once, of each
// table, as many as there should be. A query that the service does not know fails here, and not in a benchmark.
func TestTheReceiverReadsReplayedRows(t *testing.T) {
	const wait, tick = 30 * time.Second, 10 * time.Millisecond
	empty, err := service.New(new(service.Recording), service.Span{}, false)
	require.NoError(t, err)
	reading(t, empty)
	require.Eventually(t, func() bool { return len(notAsked(empty)) == 0 }, wait, tick, "each table should be asked for")
	assert.Zero(t, empty.Progress().Refused, empty.Progress().Last)

	recording, err := record(t.Context(), empty.Asked(), extent{rowsPerDay: 100_000, part: time.Hour})
	require.NoError(t, err)
	require.Len(t, recording.Tables, len(tables.All()))
	again, err := record(t.Context(), empty.Asked(), extent{rowsPerDay: 100_000, part: time.Hour})
	require.NoError(t, err)
	require.Equal(t, recording, again, "a recording is the same each time")
	now := time.Now()
	replayed, err := service.New(recording, service.Span{From: now.Add(-spanFrom), To: now.Add(-spanTo), Rows: 2_000}, false)
	require.NoError(t, err)
	total := replayed.Progress().Total
	assert.InDelta(t, 2_000, total, float64(len(tables.All())), "the shares of the tables are rounded")
	directories := 0
	for _, table := range recording.Tables {
		if table.Directory {
			directories += len(table.Rows)
		}
	}
	require.NotZero(t, directories)
	sink := reading(t, replayed)
	require.Eventually(t, func() bool { return sink.Count() >= total+directories }, wait, tick, "all rows should come")
	sink.Exactly(t, total+directories)
	assert.Zero(t, replayed.Progress().Refused, replayed.Progress().Last)
}

func TestParts(t *testing.T) {
	all, err := choose("")
	require.NoError(t, err)
	assert.Len(t, all, 6)
	some, err := choose("idle, decode")
	require.NoError(t, err)
	require.Len(t, some, 2)
	assert.Equal(t, "idle", some[0].name)
	_, err = choose("idel")
	assert.ErrorContains(t, err, "idel")
}

// What a part measures is in its table: the names agree.
func TestEachPartHasATable(t *testing.T) {
	b := &bench{size: sizes["full"], out: new(bytes.Buffer)}
	figures := []report.Value{{Number: 1, Unit: report.CPUPerMillion}, {Number: 2, Unit: report.PeakMiB}, {Number: 3, Unit: report.ResidentMiB}, {Number: 4, Unit: report.CPUPercent}}
	for _, l := range pipelines() {
		b.add(report.Result{Name: l.name() + "/build=now", N: 1, Values: figures})
	}
	for _, s := range b.size.idles() {
		b.add(report.Result{Name: idleName(s, report.Now), N: 1, Values: figures})
	}
	text := b.document()
	for _, line := range []string{
		"| receiver → nop | gzip |", "| receiver, processor → kafka | plain |", "| 50 | 9 |", "| 1 | 100 |", "| 1 | 1 |",
		"| receiver, processor → nop, peak RSS MiB | – | 2.00 | ≤ 128 | met |",
		"| 50 receivers idle, CPU % of a core | – | 4.00 | ≤ 2.00 | **missed** |",
	} {
		assert.Contains(t, text, line)
	}
}

// A process can be measured where make bench runs.
func TestUsage(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	c, err := startChild("sleeper", log, nil, "sleep", "60")
	if err != nil {
		t.Skip("there is no program called sleep")
	}
	defer c.kill()
	used, err := c.usage()
	if err != nil {
		t.Skip(err)
	}
	assert.Positive(t, used.peak)
	assert.GreaterOrEqual(t, used.peak, used.resident)
}
