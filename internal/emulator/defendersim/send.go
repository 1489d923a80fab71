package defendersim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// bodyFaults strike within the body.
var bodyFaults = []FaultKind{FaultTruncate, FaultReset, FaultStall, FaultBadJSON}

// send streams a result and reports whether all of it went out. The response has no length: like the
// service's it is chunked, so that a client knows only by the JSON whether it is complete.
func (a *api) send(w http.ResponseWriter, r *http.Request, res *result, fault Fault) bool {
	head, tail := a.frame(a, res)
	chunks := append([][]byte{head}, res.blocks...)
	return a.stream(w, r, append(chunks, tail), a.server.strike(fault, len(head), res.bytes, int(res.rows)), fault)
}

// strike is where a fault of the body strikes, in bytes; -1 if none does.
func (s *Server) strike(fault Fault, head, body, rows int) int {
	if !slices.Contains(bodyFaults, fault.Kind) {
		return -1
	}
	at := head/2 + int(s.faults.share()*float64(body))
	if rows > 0 {
		at += head / 2
	}
	return at
}

// stream sends the parts of an answer, with the fault where it strikes.
func (a *api) stream(w http.ResponseWriter, r *http.Request, chunks [][]byte, strike int, fault Fault) bool {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if a.graph {
		w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
		w.Header().Set("OData-Version", "4.0")
	}
	w.Header().Set("Vary", "Accept-Encoding")
	response := http.NewResponseController(w)
	var out io.Writer = w
	finish, flush := func() error { return nil }, response.Flush
	if acceptsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		zip, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is valid
		out, finish = zip, zip.Close
		flush = func() error { return errors.Join(zip.Flush(), response.Flush()) }
	}
	w.WriteHeader(http.StatusOK)
	_ = response.Flush()

	sent := 0
	for _, chunk := range chunks {
		if strike >= sent && strike < sent+len(chunk) {
			at := strike - sent
			if _, err := out.Write(chunk[:at]); err != nil {
				return false
			}
			switch fault.Kind {
			case FaultTruncate:
				_ = finish()
				return false
			case FaultReset:
				_ = flush()
				panic(http.ErrAbortHandler)
			case FaultStall:
				_ = flush()
				pause(r.Context(), fault.delay())
			default:
				if _, err := out.Write([]byte{1}); err != nil {
					return false
				}
			}
			chunk, sent, strike = chunk[at:], strike, -1
		}
		if _, err := out.Write(chunk); err != nil {
			return false
		}
		sent += len(chunk)
	}
	return finish() == nil && fault.Kind != FaultBadJSON && r.Context().Err() == nil
}

func acceptsGzip(r *http.Request) bool {
	for encoding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(encoding), ";")
		if strings.EqualFold(name, "gzip") && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}

// pause waits for d or for the client to give up.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
