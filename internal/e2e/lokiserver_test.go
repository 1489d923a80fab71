package e2e

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

const (
	// The defaults of Loki 3.
	lokiLineSize = 256 << 10
	lokiWindow   = time.Hour          // half of max_chunk_age
	lokiOldest   = 7 * 24 * time.Hour // reject_old_samples_max_age
)

// loki takes OTLP/HTTP as Loki 3 does: it keeps the lines of a call that it can keep, and answers 400 if there were
// others; it keeps a line once that comes again to its stream with the same time.
type loki struct {
	t        *testing.T
	endpoint string
	refuses  string // the id of an event that is never kept

	mu      sync.Mutex // guards what follows
	script  map[int]int
	calls   int
	again   int
	lines   map[string]bool
	streams map[string]time.Time // the newest time of each
	events  []totalEvent
}

// startLoki answers the calls in the script, which are counted from 1, with those statuses, and keeps nothing of them,
// and all other calls but for the event with an id.
func startLoki(t *testing.T, refuses string, script map[int]int) *loki {
	t.Helper()
	l := &loki{t: t, refuses: refuses, script: script, lines: map[string]bool{}, streams: map[string]time.Time{}}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	l.endpoint = server.URL + "/otlp"
	return l
}

// ServeHTTP implements http.Handler.
func (l *loki) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/otlp/v1/logs" || r.Header.Get("X-Scope-OrgID") == "" {
		http.Error(w, "no org id", http.StatusUnauthorized)
		return
	}
	body, err := gzip.NewReader(r.Body)
	if !assert.NoError(l.t, err) {
		return
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return // the collector has gone
	}
	request := plogotlp.NewExportRequest()
	assert.NoError(l.t, request.UnmarshalProto(data))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if status, ok := l.script[l.calls]; ok {
		http.Error(w, "as the test says", status)
		return
	}
	if refusals := l.keep(request.Logs()); len(refusals) > 0 {
		http.Error(w, strings.Join(refusals, "\n"), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// keep returns why lines are not kept.
func (l *loki) keep(logs plog.Logs) (refusals []string) {
	for _, resource := range logs.ResourceLogs().All() {
		stream := "unknown_service"
		if name, ok := resource.Resource().Attributes().Get("service.name"); ok {
			stream = name.AsString()
		}
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if refusal := l.line(stream, record.Timestamp().AsTime(), record.Body().AsString()); refusal != "" {
					refusals = append(refusals, refusal)
				}
			}
		}
	}
	return refusals
}

func (l *loki) line(stream string, at time.Time, line string) (refusal string) {
	switch {
	case len(line) > lokiLineSize:
		return fmt.Sprintf("max entry size '%d' bytes exceeded for stream '%s'", lokiLineSize, stream)
	case strings.Contains(line, l.refuses):
		return fmt.Sprintf("stream '%s' has structured metadata too large", stream)
	case time.Since(at) > lokiOldest:
		return fmt.Sprintf("entry for stream '%s' has timestamp too old: %s", stream, at)
	case l.streams[stream].Sub(at) > lokiWindow:
		return fmt.Sprintf("entry too far behind, entry timestamp is: %s, stream '%s'", at, stream)
	}
	if at.After(l.streams[stream]) {
		l.streams[stream] = at
	}
	key := stream + " " + strconv.FormatInt(at.UnixNano(), 10) + " " + line
	if l.lines[key] {
		l.again++
		return ""
	}
	l.lines[key] = true
	event := totalEvent{line: line}
	assert.NoError(l.t, json.Unmarshal([]byte(line), &event))
	l.events = append(l.events, event)
	return ""
}

// received returns what was kept, in order.
func (l *loki) received() []totalEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]totalEvent(nil), l.events...)
}
