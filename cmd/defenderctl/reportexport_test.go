package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
	"github.com/otelcol-defender/otelcol-defender/internal/pipelinecheck"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver"
)

// readOnce runs the storage receiver of a configuration, as a collector does, until it has handed on some lines.
func readOnce(t *testing.T, config string, lines int) {
	t.Helper()
	loaded, err := pipelinecheck.Load(t.Context(), []string{config})
	require.NoError(t, err)
	factories, err := distribution.Components()
	require.NoError(t, err)
	storageID := component.MustNewID("file_storage")
	storage, err := extensionIn(t.Context(), loaded.Conf, factories.Extensions, storageID)
	require.NoError(t, err)
	host := storageHost{storageID: storage}
	require.NoError(t, storage.Start(t.Context(), host))
	factory := defenderstoragereceiver.NewFactory()
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, decodeIn(loaded.Conf, "receivers::defender_storage", cfg))
	cfg.(*defenderstoragereceiver.Config).InitialLookback = 0
	set := receivertest.NewNopSettings(factory.Type())
	set.ID = component.NewID(factory.Type())
	sink := &consumertest.LogsSink{}
	r, err := factory.CreateLogs(t.Context(), set, cfg, sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), host))
	assert.Eventually(t, func() bool { return sink.LogRecordCount() >= lines }, 30*time.Second, 5*time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, storage.Shutdown(context.Background()))
}

// The storage of a collector that is stopped has the report of a receiver of the export. One that has never run has none.
func TestReportOfAStoppedStorageReceiver(t *testing.T) {
	t.Setenv("DEFENDERCTL_TEST_SECRET", secret)
	a := newAccountUnderTest(t)
	config := a.config(t, t.TempDir())
	day := time.Now().Add(-50 * time.Hour)
	args := []string{"report", "--day", string(proof.DayOf(day)), "--config", config, "--receiver", "defender_storage"}
	output, status := run(t, args...)
	assert.Equal(t, exitFailed, status)
	assert.Empty(t, output)

	a.write("DeviceLogonEvents", 50*time.Hour)
	a.write("DeviceLogonEvents", time.Minute)
	readOnce(t, config, 2)
	output, status = run(t, args...)
	assert.Zero(t, status, output)
	assert.Regexp(t, `DeviceLogonEvents +1 +0 +4 +0 +0 +1 +1 +0 +0 +0 +1 +20`, output)
	assert.Contains(t, output, "was read up to its length as of ")
	assert.NotContains(t, output, secret)
	t.Log("\n" + output)

	args[2] = string(proof.DayOf(time.Now()))
	_, status = run(t, args...)
	assert.Equal(t, exitFailed, status, "today is not over")
}
