package postgresstorageextension

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/metadata"
)

const secret = "hunter2-of-the-database"

func load(t *testing.T, written map[string]any) *Config {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(written).Unmarshal(cfg))
	return cfg
}

func TestConfig(t *testing.T) {
	const dsn = "postgres://otelcol:" + secret + "@127.0.0.1:5432/otelcol?sslmode=disable"
	for name, c := range map[string]struct {
		written map[string]any
		want    []string
	}{
		"the least":     {map[string]any{"dsn": dsn}, nil},
		"pairs":         {map[string]any{"dsn": "host=/var/run/postgresql user=otelcol dbname=otelcol", "worker": "a"}, nil},
		"nothing":       {map[string]any{}, []string{"'dsn' is required"}},
		"no dsn at all": {map[string]any{"dsn": "postgres://otelcol:" + secret + "@host:port/x"}, []string{"'dsn' cannot be used"}},
		"a broken dsn":  {map[string]any{"dsn": "host=db.example.com password=" + secret + " sslmode=perhaps"}, []string{"'dsn' cannot be used"}},
		"all of it": {map[string]any{"dsn": dsn, "schema": "a-b", "lease_duration": "1s", "timeout": "9s", "max_connections": 1}, []string{
			"'schema' is no name", "'lease_duration'", "'timeout' must be more than 0 and at most half of lease_duration", "'max_connections'",
		}},
		"an unknown key": {map[string]any{"dsn": dsn, "lease": "3s"}, []string{"lease"}},
		"no unit":        {map[string]any{"dsn": dsn, "lease_duration": 30}, []string{"unit"}},
	} {
		err := load(t, c.written).Validate()
		if c.want == nil {
			require.NoError(t, err, name)
			continue
		}
		require.Error(t, err, name)
		for _, want := range c.want {
			assert.ErrorContains(t, err, want, name)
		}
		assert.NotContains(t, fmt.Sprintf("%+v", err), secret, name)
	}
}

func TestAWorkerHasAName(t *testing.T) {
	host, err := os.Hostname()
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	assert.Equal(t, fmt.Sprintf("%s-%d", host, os.Getpid()), cfg.worker())
	cfg.Worker = "worker-1"
	assert.Equal(t, "worker-1", cfg.worker())
}

// A database that is away keeps nobody from starting, and no error or line of the log holds the password.
func TestTheDatabaseIsAway(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	set := extensiontest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	cfg := load(t, map[string]any{
		// The text of an error of the driver may hold what it was given: here even the user's name is the password.
		"dsn":            "postgres://" + secret + ":" + secret + "@127.0.0.1:1/" + secret + "?sslmode=disable",
		"lease_duration": "2s", "timeout": "1s",
	})
	require.NoError(t, cfg.Validate())
	made, err := create(t.Context(), set, cfg)
	require.NoError(t, err)
	p := made.(*postgresStorage)
	require.NoError(t, p.Start(t.Context(), nil))
	_, err = p.Lease(t.Context(), claimOf("a"))
	errs := []error{err}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err = p.GetClient(ctx, component.KindExporter, component.MustNewID("otlp"), "")
	errs = append(errs, err)
	shared, err := p.Share(t.Context(), component.KindProcessor, component.MustNewID("total_normalize"), "")
	require.NoError(t, err, "a processor starts without the database")
	_, err = shared.Get(t.Context(), "x")
	errs = append(errs, err, shared.Set(t.Context(), "x", nil))
	errs = append(errs, shared.(storage.Walker).Walk(t.Context(), func(string, []byte) ([]*storage.Operation, error) { return nil, nil }))
	for i, err := range errs {
		require.Error(t, err, i)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret, "error %d", i)
	}
	require.ErrorContains(t, errs[0], "connection refused")
	require.NoError(t, p.Shutdown(t.Context()))
	for _, entry := range logs.All() {
		assert.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), secret)
	}
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg.DSN), secret)
}
