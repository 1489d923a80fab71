package defenderstoragereceiver

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver"
)

// tenantWithExport is an emulator with rows that were exported.
func tenantWithExport(t *testing.T, rows int) *defendersim.Server {
	t.Helper()
	sim := testbed.StartEmulator(t, defendersim.Options{StorageListen: "127.0.0.1:0", IdentityListen: "127.0.0.1:0"})
	planted := make([]defendersim.Planted, rows)
	for i := range planted {
		planted[i] = defendersim.Planted{Row: testbed.LogonRow(i), IngestionTime: time.Now().Add(-20 * time.Minute)}
	}
	require.NoError(t, sim.Plant(table, planted...))
	return sim
}

// The same row by hunting and by the export has the same uid, and becomes the same TOTAL event.
func TestSameAsByHunting(t *testing.T) {
	const rows = 50
	sim := tenantWithExport(t, rows)
	require.NoError(t, sim.Export())
	read := func(create func(next consumer.Logs) component.Component) (events map[string]map[string]any) {
		sink := &collector.Sink{}
		factory := totalnormalizeprocessor.NewFactory()
		cfg := factory.CreateDefaultConfig()
		require.NoError(t, confmap.NewFromStringMap(map[string]any{"domain_id": "d"}).Unmarshal(cfg))
		normalize, err := factory.CreateLogs(t.Context(), processortest.NewNopSettings(factory.Type()), cfg, sink)
		require.NoError(t, err)
		require.NoError(t, normalize.Start(t.Context(), collector.Extensions{}))
		r := create(normalize)
		require.NoError(t, r.Start(context.WithoutCancel(t.Context()), collector.Extensions{storageID: collector.NewStorage()}))
		assert.Eventually(t, func() bool { return sink.Count() >= rows }, testbed.Wait, 10*time.Millisecond)
		require.NoError(t, r.Shutdown(t.Context()))
		require.NoError(t, normalize.Shutdown(t.Context()))
		events = map[string]map[string]any{}
		for _, r := range sink.Records() {
			event := r.Body()
			delete(event, "platform_event_source") // it names the way
			events[r.UID] = event
		}
		return events
	}
	who := credentials.Config{TenantID: sim.TenantID, ClientID: sim.ClientID, Authority: sim.URL()}
	who.ClientSecret = defendersim.DefaultClientSecret

	hunted := read(func(next consumer.Logs) component.Component {
		factory := defenderreceiver.NewFactory()
		cfg := factory.CreateDefaultConfig().(*defenderreceiver.Config)
		cfg.ClientConfig.Endpoint, cfg.ClientConfig.TLS.CAFile = sim.URL(), sim.CAFile()
		cfg.Credentials, cfg.StorageID, cfg.Settle = who, &storageID, 0
		for name, settings := range cfg.Tables {
			settings.Enabled = name == table
			cfg.Tables[name] = settings
		}
		require.NoError(t, cfg.Validate())
		r, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), cfg, next)
		require.NoError(t, err)
		return r
	})
	exported := read(func(next consumer.Logs) component.Component {
		factory := NewFactory()
		cfg := factory.CreateDefaultConfig().(*Config)
		cfg.AccountURL, cfg.ClientConfig.TLS.CAFile = sim.StorageURL(), sim.CAFile()
		cfg.Credentials, cfg.StorageID = who, &storageID
		require.NoError(t, cfg.Validate())
		r, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), cfg, next)
		require.NoError(t, err)
		return r
	})
	require.Len(t, hunted, rows)
	assert.Equal(t, hunted, exported)
	for _, call := range sim.Storage().Calls() {
		assert.Equal(t, "GET", call.Method)
	}
}

// Each way to prove who asks gives a token for storage accounts. What is refused is told with its remedy.
func TestCredentials(t *testing.T) {
	sim := tenantWithExport(t, 3)
	require.NoError(t, sim.Export())
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(defendersim.DefaultClientSecret), 0o600))
	for name, c := range map[string]struct {
		configure func(*credentials.Config)
		trouble   string
	}{
		"a secret":        {configure: func(c *credentials.Config) { c.ClientSecret = defendersim.DefaultClientSecret }},
		"a secret's file": {configure: func(c *credentials.Config) { c.ClientSecretFile = secret }},
		"a wrong secret":  {configure: func(c *credentials.Config) { c.ClientSecret = "wrong" }, trouble: "AADSTS7000215"},
		"managed identity": {configure: func(c *credentials.Config) {
			c.ManagedIdentity = configoptional.Some(credentials.ManagedIdentityConfig{})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("IDENTITY_ENDPOINT", sim.IdentityURL())
			t.Setenv("IDENTITY_HEADER", defendersim.IdentityHeader)
			s := newStage(t, blobs.Config{})
			s.start(func(cfg *Config) {
				cfg.AccountURL, cfg.ClientConfig.TLS.CAFile = sim.StorageURL(), sim.CAFile()
				cfg.ClientConfig.Auth = noAuth()
				cfg.Credentials = credentials.Config{TenantID: sim.TenantID, ClientID: sim.ClientID, Authority: sim.URL()}
				c.configure(&cfg.Credentials)
			})
			require.Eventually(t, func() bool {
				if c.trouble != "" {
					return s.status.Has(c.trouble)
				}
				return s.sink.Count() == 3
			}, testbed.Wait, 10*time.Millisecond)
		})
	}
}
