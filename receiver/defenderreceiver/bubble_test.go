package defenderreceiver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
)

// bubble is a stage whose receivers run in synthetic time: it passes at once while all of them wait, and
// stands still while the emulator, which is outside of it, is at work. The emulator's clock follows.
type bubble struct {
	*stage
	t *testing.T
	// latency of each query, beside the CPU that the emulator says it has cost.
	latency time.Duration
	// scale times the CPU that the emulator says a query has cost: that of a tenant which is as many times as large.
	scale time.Duration

	mu    sync.Mutex  // guards everything below
	calls []time.Time // of the hunting API
	busy  []busy
	// tooLarge reports whether the answer to a query is too large; nil: none is.
	tooLarge func(kql string) bool
}

// set says to which queries the answer is too large.
func (b *bubble) set(tooLarge func(kql string) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tooLarge = tooLarge
}

// busy is the time that a query took on the service.
type busy struct {
	at    time.Time
	spent time.Duration
}

// inBubble runs a test in synthetic time, which begins at epoch.
func (s *stage) inBubble(latency time.Duration, run func(b *bubble)) {
	s.t.Helper()
	synctest.Test(s.t, func(t *testing.T) {
		b := &bubble{stage: s, t: t, latency: latency, scale: 1}
		time.Sleep(time.Until(epoch))
		s.clock.Set(time.Now())
		run(b)
	})
}

// now is the local clock of a receiver. The emulator's follows it.
func (b *bubble) now() time.Time {
	now := time.Now()
	b.clock.Set(now)
	return now
}

// sent are the times of the calls so far.
func (b *bubble) sent() []time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.calls)
}

// config is that of a user who has set nothing, but for what reaches the emulator.
func (b *bubble) config(names ...string) *Config {
	cfg := b.stage.config(names...)
	defaults := createDefaultConfig().(*Config)
	cfg.PollInterval, cfg.Settle, cfg.CheckpointDelay = defaults.PollInterval, defaults.Settle, defaults.CheckpointDelay
	cfg.RetryOnFailure, cfg.PauseAfterFailures, cfg.Quota = defaults.RetryOnFailure, defaults.PauseAfterFailures, defaults.Quota
	for name, table := range cfg.Tables {
		table.PollInterval = defaults.Tables[name].PollInterval
		cfg.Tables[name] = table
	}
	// An idle connection would keep the synthetic time from passing.
	cfg.ClientConfig.DisableKeepAlives = true
	cfg.ClientConfig.TLS.InsecureSkipVerify = true
	cfg.ClientConfig.Auth = configoptional.Some(configauth.Config{AuthenticatorID: latencyID})
	return cfg
}

// start runs a receiver until the returned function ends it.
func (b *bubble) start(cfg *Config) (r *defenderReceiver, stop func()) {
	b.t.Helper()
	r = b.create(cfg)
	r.now = b.now
	require.NoError(b.t, r.Start(b.t.Context(), bubbleHost{b.host().(storageHost), b}))
	return r, func() { assert.NoError(b.t, r.Shutdown(context.Background())) }
}

// analyst is another client of the tenant, whose calls are not the receiver's.
func (b *bubble) analyst() *hunting.Client {
	b.t.Helper()
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), *b.config(logons), b.sink)
	require.NoError(b.t, err)
	r.now = b.now
	conn, err := r.connect(b.t.Context(), bubbleHost{b.host().(storageHost), &bubble{stage: b.stage, t: b.t, latency: b.latency, scale: b.scale}})
	require.NoError(b.t, err)
	return conn.api
}

var latencyID = component.MustNewID("latency")

type bubbleHost struct {
	storageHost
	bubble *bubble
}

func (h bubbleHost) GetExtensions() map[component.ID]component.Component {
	all := h.storageHost.GetExtensions()
	all[latencyID] = latencyExtension{bubble: h.bubble}
	return all
}

// latencyExtension makes calls of the hunting API take time.
type latencyExtension struct {
	component.StartFunc
	component.ShutdownFunc
	bubble *bubble
}

var _ extensionauth.HTTPClient = latencyExtension{}

func (e latencyExtension) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	return slowTransport{base, e.bubble}, nil
}

type slowTransport struct {
	base   http.RoundTripper
	bubble *bubble
}

func (t slowTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, cost, err := t.call(req)
	if err != nil {
		return nil, err
	}
	began, timer := time.Now(), time.NewTimer(t.bubble.latency+t.bubble.scale*cost)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-req.Context().Done():
		return nil, context.Cause(req.Context())
	}
	b := t.bubble
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy = append(b.busy, busy{time.Now(), time.Since(began)})
	return resp, nil
}

// call makes one call and reads its answer; no time passes.
func (t slowTransport) call(req *http.Request) (*http.Response, time.Duration, error) {
	b := t.bubble
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, b.now())
	before := b.sim.Report().CPU
	if resp, err := b.intercept(req); resp != nil || err != nil {
		return resp, 0, err
	}
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, 0, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, b.sim.Report().CPU - before, nil
}

// intercept answers in the place of the service.
func (b *bubble) intercept(req *http.Request) (*http.Response, error) {
	if b.tooLarge == nil || req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	var asked struct{ Query string }
	if err := json.Unmarshal(body, &asked); err != nil || !b.tooLarge(asked.Query) {
		return nil, nil //nolint:nilerr // it is no query
	}
	const refusal = `{"error":{"code":"BadRequest","message":"Query execution has exceeded the allowed result size."}}`
	return &http.Response{
		StatusCode: http.StatusBadRequest, Status: "400 Bad Request", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(refusal)), ContentLength: int64(len(refusal)),
	}, nil
}

var ofRange = regexp.MustCompile(`>= datetime\(([^)]+)\) and \w+ < datetime\(([^)]+)\)`)

// reads reports whether a query reads rows of an instant.
func reads(kql string, at time.Time) bool {
	read := ofRange.FindStringSubmatch(kql)
	if !strings.Contains(kql, ofRead) || read == nil {
		return false
	}
	from, err := time.Parse(time.RFC3339Nano, read[1])
	until, err2 := time.Parse(time.RFC3339Nano, read[2])
	return err == nil && err2 == nil && !at.Before(from) && at.Before(until)
}
