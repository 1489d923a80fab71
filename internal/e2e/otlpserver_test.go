package e2e

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // the server understands what the exporter compresses
)

// answer is what an OTLP server does with a call: it takes the first records of the call, as many as it says.
type answer func(ctx context.Context, records int) (taken int, response plogotlp.ExportResponse, err error)

// otlpServer takes log records over OTLP/gRPC as its script says.
type otlpServer struct {
	plogotlp.UnimplementedGRPCServer

	t        *testing.T
	endpoint string
	mu       sync.Mutex // guards what follows
	script   map[int]answer
	judge    func(plog.Logs) error // nil: takes all
	status   int                   // over HTTP, what is answered to calls that the judge refuses
	calls    int
	events   []totalEvent
	rejected []totalEvent // by partial successes
}

// startOTLPServer answers the calls in the script, which are counted from 1, as that says, and takes all others whole.
func startOTLPServer(t *testing.T, script map[int]answer, options ...grpc.ServerOption) *otlpServer {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &otlpServer{t: t, endpoint: listener.Addr().String(), script: script}
	server := grpc.NewServer(options...)
	plogotlp.RegisterGRPCServer(server, s)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		assert.NoError(t, server.Serve(listener))
	}()
	t.Cleanup(func() {
		server.Stop()
		<-ended
	})
	return s
}

// Export is the OTLP service.
func (s *otlpServer) Export(ctx context.Context, request plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	s.mu.Lock()
	s.calls++
	act, judge := s.script[s.calls], s.judge
	s.mu.Unlock()
	if judge != nil {
		if err := judge(request.Logs()); err != nil {
			return plogotlp.NewExportResponse(), err
		}
	}
	taken, response, err := request.Logs().LogRecordCount(), plogotlp.NewExportResponse(), error(nil)
	if act != nil {
		taken, response, err = act(ctx, taken)
	}
	s.take(request.Logs(), taken)
	return response, err
}

func (s *otlpServer) take(logs plog.Logs, taken int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if taken == 0 {
		return
	}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				line, err := json.Marshal(record.Body().AsRaw())
				if !assert.NoError(s.t, err) {
					return
				}
				event := totalEvent{line: string(line)}
				assert.NoError(s.t, json.Unmarshal(line, &event))
				if taken--; taken < 0 {
					s.rejected = append(s.rejected, event)
				} else {
					s.events = append(s.events, event)
				}
			}
		}
	}
}

// lost are those of the rejected events that are not among others. A server that is slow may have taken them before.
func (s *otlpServer) lost(kept []totalEvent) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := map[string]bool{}
	for _, event := range s.rejected {
		ids[event.ID] = true
	}
	for _, event := range kept {
		delete(ids, event.ID)
	}
	return len(ids)
}

// judged changes how calls are judged.
func (s *otlpServer) judged(judge func(plog.Logs) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judge = judge
}

// refuseWith changes what is answered over HTTP to calls that are refused.
func (s *otlpServer) refuseWith(httpStatus int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = httpStatus
}

func (s *otlpServer) refusal() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// startOTLPHTTPServer takes requests of OTLP/HTTP. A call that the server judges to be refused is answered with status.
func startOTLPHTTPServer(t *testing.T, httpStatus int) *otlpServer {
	t.Helper()
	s := &otlpServer{t: t, status: httpStatus}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := gzip.NewReader(r.Body)
		if !assert.NoError(t, err) {
			return
		}
		data, err := io.ReadAll(body)
		assert.NoError(t, err)
		request := plogotlp.NewExportRequest()
		assert.NoError(t, request.UnmarshalProto(data))
		if _, err := s.Export(r.Context(), request); err != nil {
			w.WriteHeader(s.refusal())
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(server.Close)
	s.endpoint = server.Listener.Addr().String()
	return s
}

// received returns what was taken, in order, and how many calls there were.
func (s *otlpServer) received() (events []totalEvent, calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]totalEvent(nil), s.events...), s.calls
}
