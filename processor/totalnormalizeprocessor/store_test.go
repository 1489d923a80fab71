package totalnormalizeprocessor

import (
	"context"
	"errors"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
)

var storageID = component.MustNewIDWithName("file_storage", "directories")

func openFileStorage(t *testing.T, directory string) extension.Extension {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = directory
	e, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	return e
}

func newStoring(t *testing.T, sink *consumertest.LogsSink) processor.Logs {
	t.Helper()
	cfg := validConfig()
	cfg.StorageID = &storageID
	p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), cfg, sink)
	require.NoError(t, err)
	return p
}

func TestDirectoriesOutliveARestart(t *testing.T) {
	directory := t.TempDir()
	sink := new(consumertest.LogsSink)
	for run := range 2 {
		keeper := openFileStorage(t, directory)
		p := newStoring(t, sink)
		require.NoError(t, p.Start(t.Context(), collector.Extensions{storageID: keeper}))
		if run == 0 {
			require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(
				columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID, "AccountObjectId": "o1"}.row("IdentityInfo"),
				columns{"LoggedOnUsers": `[{"UserName":"jane","Sid":"` + janeSID + `"}]`}.row("DeviceInfo"))))
		} else {
			require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(columns{}.row("DeviceEvents"))))
		}
		require.NoError(t, p.Shutdown(t.Context()))
		require.NoError(t, p.Shutdown(t.Context()), "twice")
		require.NoError(t, keeper.Shutdown(t.Context()))
	}
	require.Equal(t, 1, sink.LogRecordCount())
	assert.Equal(t, "jane@acme.com", payloadUser(sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Map()))
}

func TestUnreadableEntriesAreForgotten(t *testing.T) {
	keeper := openFileStorage(t, t.TempDir())
	defer func() { require.NoError(t, keeper.Shutdown(t.Context())) }()
	open := func() storage.Client {
		client, err := keeper.(storage.Extension).GetClient(t.Context(), component.KindProcessor, processorID, "")
		require.NoError(t, err)
		return client
	}
	keys := []string{"identity/v1/x", "device/v1/x", "shown/v1/x", "learned/v1/", "order/v1/no number", "order/v1/1f", "of another release"}
	client := open()
	for _, key := range keys {
		require.NoError(t, client.Set(t.Context(), key, []byte("{")))
	}
	require.NoError(t, client.Close(t.Context()))

	p := newStoring(t, new(consumertest.LogsSink))
	require.NoError(t, p.Start(t.Context(), collector.Extensions{storageID: keeper}))
	require.NoError(t, p.Shutdown(t.Context()))

	client = open()
	for _, key := range keys {
		value, err := client.Get(t.Context(), key)
		require.NoError(t, err)
		assert.Nil(t, value, key)
	}
	require.NoError(t, client.Close(t.Context()))
}

var processorID = component.NewID(metadata.Type)

// keeper is a storage extension of few gifts.
type keeper struct {
	component.StartFunc
	component.ShutdownFunc
	client storage.Client
	err    error
}

func (k keeper) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return k.client, k.err
}

func TestStorageThatDoesNotServe(t *testing.T) {
	for wantErr, host := range map[string]collector.Extensions{
		"is not there":  {},
		"is no storage": {storageID: struct{ component.Component }{}},
		"opening":       {storageID: keeper{err: errors.New("disk gone")}},
		"cannot list":   {storageID: keeper{client: storage.NewNopClient()}},
	} {
		p := newStoring(t, new(consumertest.LogsSink))
		err := p.Start(t.Context(), host)
		require.ErrorContains(t, err, "'storage'")
		require.ErrorContains(t, err, wantErr)
		require.NoError(t, p.Shutdown(t.Context()))
	}
}
