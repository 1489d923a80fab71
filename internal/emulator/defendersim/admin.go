package defendersim

import (
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
)

// registerAdmin serves what a person or a script asks a running emulator, on loopback only:
//
//	GET  /health          200
//	GET  /_admin/report   the Report as JSON
//	POST /_admin/faults   the body replaces the faults, in the notation of ParseFaults; with ?next=N
//	                      its one fault strikes the next N calls instead
func (s *Server) registerAdmin(mux *http.ServeMux) {
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /_admin/report", onLoopback(func(w http.ResponseWriter, _ *http.Request) {
		answer.WriteJSON(w, http.StatusOK, s.Report())
	}))
	mux.HandleFunc("POST /_admin/faults", onLoopback(s.adminFaults))
}

func (s *Server) adminFaults(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	parsed, err := ParseFaults(string(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	next := r.URL.Query().Get("next")
	if next == "" {
		s.SetFaults(parsed...)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	n, err := strconv.Atoi(next)
	if err != nil || n < 1 || len(parsed) != 1 {
		http.Error(w, "?next=N needs a number from 1 on and exactly one fault in the body", http.StatusBadRequest)
		return
	}
	s.FailNext(n, parsed[0])
	w.WriteHeader(http.StatusNoContent)
}

func onLoopback(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			http.Error(w, "only from this machine", http.StatusForbidden)
			return
		}
		next(w, r)
	}
}
