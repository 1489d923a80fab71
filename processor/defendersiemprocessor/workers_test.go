package defendersiemprocessor

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// atWork is the processor of a worker.
type atWork struct {
	*siem
	t    *testing.T
	sink *sink
	on   *collector.Worker
}

func startAtWork(t *testing.T, m *collector.Storage) *atWork {
	t.Helper()
	w := &atWork{t: t, sink: new(sink), on: m.NewWorker()}
	cfg := createDefaultConfig().(*Config)
	cfg.StorageID = &storageID
	var err error
	w.siem, err = newProcessor(processortest.NewNopSettings(typ), cfg, w.sink, time.Now)
	require.NoError(t, err)
	require.NoError(t, w.Start(t.Context(), collector.Extensions{storageID: component.Component(w.on)}))
	return w
}

// give hands versions of an alert to the processor, each in a call, and returns what comes out.
func (w *atWork) give(versions ...object) []object {
	w.t.Helper()
	for _, version := range versions {
		require.NoError(w.t, w.ConsumeLogs(w.t.Context(), logsOf(w.t, version)))
	}
	return w.sink.take()
}

func (w *atWork) end() { require.NoError(w.t, w.Shutdown(context.WithoutCancel(w.t.Context()))) }

// A worker that takes a receiver over knows which records of an alert the worker before it has handed on, also those
// since this one has read the alert.
func TestWorkersShareTheirMemory(t *testing.T) {
	all := versions("a1")
	m := collector.NewStorage()
	a, b := startAtWork(t, m), startAtWork(t, m)
	defer a.end()
	defer b.end()
	given := a.give(all[:3]...)
	given = append(given, b.give(all[3:6]...)...)
	a.on.Begin()
	given = append(given, a.give(all[6:9]...)...)
	b.on.Begin()
	requireParts(t, append(given, b.give(all[9:]...)...), 21)
}

// A worker that was thought dead does not overwrite what another has stored meanwhile, and goes on with that. What it could
// not store comes again, with the same ids.
func TestAWorkerThatWasFrozenReadsAgain(t *testing.T) {
	all := versions("a1")
	m := collector.NewStorage()
	a, b := startAtWork(t, m), startAtWork(t, m)
	defer b.end()
	first := a.give(all[0])
	a.on.Away(true)
	unstored := a.give(all[1])
	a.on.Fence()
	second := b.give(all[5])
	a.on.Away(false)
	assert.NotEmpty(t, a.give(alertWith("a2", process(1))), "an alert that nobody has handed on")
	rest := a.give(all[11])
	requireParts(t, slices.Concat(first, second, rest), 21)
	ids := map[any]bool{}
	for _, body := range second {
		ids[body["FullId"]] = true
	}
	require.NotEmpty(t, unstored)
	for _, body := range unstored {
		assert.True(t, ids[body["FullId"]], "%v comes again", body["FullId"])
	}
	a.end()
	third := startAtWork(t, m)
	defer third.end()
	assert.Empty(t, third.give(all[11]), "all of them are stored still")
}

// While what was handed on cannot be read, alerts wait with the receiver.
func TestAlertsWaitForTheMemory(t *testing.T) {
	w := startAtWork(t, collector.NewStorage())
	defer w.end()
	w.on.Away(true)
	require.Error(t, w.ConsumeLogs(t.Context(), logsOf(t, versions("a1")[0])))
	assert.Empty(t, w.sink.bodies())
	w.on.Away(false)
	assert.NotEmpty(t, w.give(versions("a1")[0]))

	w.on.Begin()
	w.on.Away(true)
	require.Error(t, w.ConsumeLogs(t.Context(), logsOf(t, versions("a1")[11])))
	assert.Empty(t, w.sink.bodies(), "what is in memory may be old")
}
