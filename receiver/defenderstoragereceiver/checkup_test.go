package defenderstoragereceiver

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/metadata"
)

// directly is an extension that lets requests go out as they are.
type directly struct {
	component.StartFunc
	component.ShutdownFunc
}

func (directly) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) { return base, nil }

// startInSight starts a receiver of an account that is reached over the network, and gives what the control extension sees of it.
func (s *stage) startInSight(change func(*Config)) (control.Receiver, func()) {
	s.tb.Helper()
	server := httptest.NewServer(s.account)
	s.tb.Cleanup(server.Close)
	s.wire = directly{}
	stop := s.start(func(c *Config) {
		c.AccountURL, c.TailInterval = server.URL+"/account", 0
		if change != nil {
			change(c)
		}
	})
	require.NotNil(s.tb, s.shown.receiver)
	return s.shown.receiver, stop
}

func checksOf(r *diagnosis.Result, name string) []diagnosis.Check {
	return slices.DeleteFunc(slices.Clone(r.Checks), func(c diagnosis.Check) bool { return c.Name != name })
}

// The control extension tests a running receiver. What that sends is bounded and bears no method but those that read.
func TestCheckupOfTheRunningReceiver(t *testing.T) {
	s := newStage(t, blobs.Config{PageMost: 2})
	for hour := range 4 {
		s.write(time.Now().Add(-time.Duration(hour)*time.Hour), line(tenantA, table, hour))
	}
	s.account.Create(export.Container("DeviceEvents"))
	shown, stop := s.startInSight(nil)
	isListed := func(c control.Table) bool { return c.Blobs.LastList != nil }
	require.Eventually(t, func() bool {
		all := shown.Status().Tables
		return len(s.sink.Records()) == 4 && len(all) == 2 && isListed(all[0]) && isListed(all[1])
	}, 30*time.Second, 5*time.Millisecond)
	s.account.ForgetCalls() // the receiver itself asks nothing for five minutes

	found, err := shown.(control.Tester).Test(t.Context())
	require.NoError(t, err)
	result := found.(*diagnosis.Result)
	text := result.Text()
	assert.Equal(t, diagnosis.Warning, result.Severity, "a container is empty: %s", text)
	containers := checksOf(result, "container")
	require.Len(t, containers, 2, text)
	assert.Equal(t, []diagnosis.Outcome{diagnosis.Empty, diagnosis.OK}, []diagnosis.Outcome{containers[0].Outcome, containers[1].Outcome}, text)
	assert.Contains(t, containers[1].Detail, "4 blobs, ", text)
	assert.Contains(t, text, "Containers: 2   Blobs: 4 ")

	asked := map[blobs.Operation]int{}
	for _, call := range s.account.Calls() {
		assert.Contains(t, []string{http.MethodGet, http.MethodHead}, call.Method)
		if call.Method == http.MethodGet {
			asked[call.Operation]++
		}
	}
	assert.Equal(t, map[blobs.Operation]int{blobs.ListContainers: 1, blobs.ListBlobs: 3, blobs.Read: 1}, asked, "two pages of one container, one of the other")
	assert.Equal(t, 5, result.Export.Requests)

	stop()
	_, err = shown.(control.Tester).Test(t.Context())
	require.ErrorContains(t, err, "does not run")
}

// One test runs at a time.
func TestOneCheckupAtATime(t *testing.T) {
	s := newStage(t, blobs.Config{})
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), s.config(nil), s.sink)
	require.NoError(t, err)
	way, err := r.connect(t.Context(), s.host())
	require.NoError(t, err)
	defer way.close()
	way.busy <- struct{}{}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.checkUp(ended, way)
	require.ErrorContains(t, err, "the test under way")
}
