package defenderreceiver

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// The rows of directories, which all come at the start, go in smaller calls than others, unless those are small as well.
func TestCallsOfDirectoriesAreSmaller(t *testing.T) {
	records := func(most int, name string) int {
		cfg := createDefaultConfig().(*Config)
		cfg.Batch.MaxRecords = most
		table, ok := tables.ByName(name)
		assert.True(t, ok, name)
		b := cfg.newBatch(table, "")
		for !b.Full() {
			b.Add(pcommon.NewMap(), delivery.Row{UID: uuid.New()}, time.Time{})
		}
		return b.Len()
	}
	assert.Equal(t, 1000, records(1000, "DeviceEvents"))
	for _, directory := range []string{"DeviceInfo", "IdentityInfo"} {
		assert.Equal(t, directoryBatch, records(1000, directory))
		assert.Equal(t, 10, records(10, directory))
	}
}

// The service offers HTTP/2, which would hold what it sends ahead of the reader in this process. Who wants it can have it.
func TestAnswersWaitInTheKernel(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Version", r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	version := func(http2 bool) string {
		client := createDefaultConfig().(*Config).ClientConfig
		client.TLS.InsecureSkipVerify = true
		client.ForceAttemptHTTP2 = client.ForceAttemptHTTP2 || http2
		c, err := client.ToClient(t.Context(), nil, componenttest.NewNopTelemetrySettings())
		require.NoError(t, err)
		defer c.CloseIdleConnections()
		answer, err := c.Get(server.URL)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.Header.Get("Version")
	}
	assert.Equal(t, "HTTP/1.1", version(false))
	assert.Equal(t, "HTTP/2.0", version(true))
}
