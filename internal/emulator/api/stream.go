package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
)

// zips are compressors that wait for the next answer. One has most of a megabyte, and most answers have a few kilobytes.
var zips = sync.Pool{New: func() any {
	zip, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is valid
	return zip
}}

// Stream sends the parts of an answer, with the fault where it strikes, and reports whether all of it went out. The
// response has no length: like the service's it is chunked, so that a client knows only by the JSON whether it is complete.
func (a *API) Stream(w http.ResponseWriter, r *http.Request, chunks [][]byte, strike int, fault faults.Fault) bool {
	return a.StreamStatus(w, r, http.StatusOK, chunks, strike, fault)
}

// StreamStatus is Stream with another status than 200.
func (a *API) StreamStatus(w http.ResponseWriter, r *http.Request, status int, chunks [][]byte, strike int, fault faults.Fault) bool {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if a.Graph {
		w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
		w.Header().Set("OData-Version", "4.0")
	}
	w.Header().Set("Vary", "Accept-Encoding")
	response := http.NewResponseController(w)
	var out io.Writer = w
	finish, flush := func() error { return nil }, response.Flush
	if acceptsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := zips.Get().(*gzip.Writer)
		zip.Reset(w)
		defer zips.Put(zip)
		out, finish = zip, zip.Close
		flush = func() error { return errors.Join(zip.Flush(), response.Flush()) }
	}
	w.WriteHeader(status)
	_ = response.Flush()

	sent := 0
	for _, chunk := range chunks {
		if strike >= sent && strike < sent+len(chunk) {
			at := strike - sent
			if _, err := out.Write(chunk[:at]); err != nil {
				return false
			}
			switch fault.Kind {
			case faults.Truncate:
				_ = finish()
				return false
			case faults.Reset:
				_ = flush()
				panic(http.ErrAbortHandler)
			case faults.Stall:
				_ = flush()
				Pause(r.Context(), fault.Wait())
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
	return finish() == nil && fault.Kind != faults.BadJSON && r.Context().Err() == nil
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

// Pause waits for d or for the client to give up.
func Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
