package defenderstoragereceiver

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
)

// gateway answers reads in the place of the account while it is on.
type gateway struct {
	wire
	on     *atomic.Bool
	status int
}

func (g gateway) RoundTripper(http.RoundTripper) (http.RoundTripper, error) { return g, nil }

func (g gateway) RoundTrip(req *http.Request) (*http.Response, error) {
	if !g.on.Load() || !strings.HasSuffix(req.URL.Path, ".json") {
		return g.wire.RoundTrip(req)
	}
	return &http.Response{StatusCode: g.status, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

var _ component.Component = gateway{}

// What a gateway says in the place of the account is about no blob: nothing is lost, and nothing is read again.
func TestGatewayInThePlaceOfTheAccount(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound} {
		inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
			t.Helper()
			var on atomic.Bool
			s.wire = gateway{wire{handler: s.account}, &on, status}
			old := epoch.Add(-5 * time.Hour) // older than the lookback, so that only what it grows by is read
			s.write(old, lines(table, 1000, 1003))
			wait(time.Second)
			s.start(func(c *Config) { c.InitialLookback = 2 * time.Hour })
			s.write(epoch, lines(table, 0, 5))
			wait(10 * time.Minute)
			on.Store(true)
			s.write(old, lines(table, 5, 10))
			wait(time.Hour)
			assert.True(t, s.status.Has("something else answers in the place of"), status)
			on.Store(false)
			wait(time.Hour)
			s.exactly(10)
			assert.Zero(t, of(t, s.reportOf(epoch), table).BlobsDeleted, status)
			assert.Zero(t, s.logs.FilterMessageSnippet("deleted before all of it was read").Len(), status)
		})
	}
}
