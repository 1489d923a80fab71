package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensionauth"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// LatencyID names the extension that makes calls take synthetic time. A component authenticates its calls with it.
var LatencyID = component.MustNewID("latency")

// Host is the stage's, with the extension that makes calls take synthetic time.
func (f *FakeTime) Host() collector.Host { return f.stage.Host().With(LatencyID, latency{fake: f}) }

// latency makes calls of the hunting API take time.
type latency struct {
	component.StartFunc
	component.ShutdownFunc
	fake *FakeTime
}

var _ extensionauth.HTTPClient = latency{}

// RoundTripper makes calls take time.
func (e latency) RoundTripper(http.RoundTripper) (http.RoundTripper, error) {
	return slowTransport{e.fake}, nil
}

type slowTransport struct{ fake *FakeTime }

// RoundTrip makes a call, and lets the time pass that it takes.
func (t slowTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, cost, err := t.call(req)
	if err != nil {
		return nil, err
	}
	began, timer := time.Now(), time.NewTimer(t.fake.Latency+t.fake.Scale*cost)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-req.Context().Done():
		return nil, context.Cause(req.Context())
	}
	f := t.fake
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy = append(f.busy, Busy{time.Now(), time.Since(began)})
	return resp, nil
}

// call makes one call; no time passes.
func (t slowTransport) call(req *http.Request) (*http.Response, time.Duration, error) {
	f := t.fake
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, f.Now())
	before := f.stage.Sim.Report().CPU
	if resp, err := f.intercept(req); resp != nil || err != nil {
		return resp, 0, err
	}
	resp, err := f.stage.wire.RoundTrip(req)
	return resp, f.stage.Sim.Report().CPU - before, err
}

// intercept answers in the place of the service.
func (f *FakeTime) intercept(req *http.Request) (*http.Response, error) {
	if f.tooLarge == nil || req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	var asked struct{ Query string }
	if json.Unmarshal(body, &asked) != nil || !f.tooLarge(asked.Query) {
		return nil, nil // it is no query, or one that the service answers
	}
	const refusal = `{"error":{"code":"BadRequest","message":"Query execution has exceeded the allowed result size."}}`
	return &http.Response{
		StatusCode: http.StatusBadRequest, Status: "400 Bad Request", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(refusal)), ContentLength: int64(len(refusal)),
	}, nil
}
