package defenderreceiver

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// skewed is a clock that shows the machine's time, changed by an amount that can be set.
type skewed struct{ by atomic.Int64 }

func (c *skewed) now() time.Time { return time.Now().Add(time.Duration(c.by.Load())) }

func (c *skewed) set(by time.Duration) { c.by.Store(int64(by)) }

// The machine's clock is set forward and back by an hour while rows arrive.
func TestLocalClockJumps(t *testing.T) {
	for _, mode := range []Mode{ModeIngestionTime, ModeEventTime} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, defendersim.Options{})
			cfg := s.config(logons)
			cfg.LateArrival.Mode, cfg.LateArrival.Overlap = mode, time.Minute
			// Rows are to come without it.
			cfg.LateArrival.Audit.Interval = 0
			local := &skewed{}
			life := s.launch(cfg, func(r *defenderReceiver) { r.now = local.now })
			jumps := []time.Duration{time.Hour, 0, -time.Hour, time.Hour, -time.Hour, 24 * time.Hour, 0}
			for round := range 3 * len(jumps) {
				s.late(logons, 100*round, 10, 0)
				local.set(jumps[round%len(jumps)])
				s.Clock.Advance(time.Second)
				s.late(logons, 100*round+50, 10, 0)
				s.Clock.Advance(10 * time.Second)
				if round%2 == 0 {
					s.readUntil(s.Clock.Now().Add(-settle), logons)
				}
			}
			s.readUntil(s.Clock.Now().Add(-settle), logons)
			s.complete(logons)
			s.quiet()
			life.stop()
			s.accounts(s.Sink.Count(), true)
		})
	}
}

// dateProxy passes calls on and changes the Date of their answers.
type dateProxy struct {
	wrong   atomic.Int64 // added to Date
	missing atomic.Bool
}

// start returns the proxy's URL. The proxy reads each answer to its end before it passes it on, and does not
// heed that its client has gone: no answer is cut off on the way.
func (p *dateProxy) start(s *stage) string {
	s.t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	client := &http.Client{Transport: transport}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := p.ask(client, s.Sim.URL(), r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		maps.Copy(w.Header(), answer.header)
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body)
	}))
	s.t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	return server.URL
}

// answer is one of the service.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask passes a request on.
func (p *dateProxy) ask(client *http.Client, target string, r *http.Request) (answer, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return answer{}, err
	}
	out, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, target+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	out.Header = r.Header.Clone()
	in, err := client.Do(out)
	if err != nil {
		return answer{}, err
	}
	defer in.Body.Close()
	given, err := io.ReadAll(in.Body)
	if err != nil {
		return answer{}, err
	}
	date, err := http.ParseTime(in.Header.Get("Date"))
	if err != nil {
		return answer{}, err
	}
	in.Header.Set("Date", date.Add(time.Duration(p.wrong.Load())).Format(http.TimeFormat))
	if p.missing.Load() {
		in.Header["Date"] = nil // net/http would add its own
	}
	return answer{in.StatusCode, in.Header, given}, nil
}

// The service's Date is wrong and missing for a while. No cursor goes by it.
func TestServiceDateIsWrongForAWhile(t *testing.T) {
	for name, spoil := range map[string]func(*dateProxy){
		"missing":        func(p *dateProxy) { p.missing.Store(true) },
		"an hour behind": func(p *dateProxy) { p.wrong.Store(int64(-time.Hour)) },
		"an hour ahead":  func(p *dateProxy) { p.wrong.Store(int64(time.Hour)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, defendersim.Options{})
			proxy := &dateProxy{}
			cfg := s.config(logons)
			cfg.ClientConfig.Endpoint = proxy.start(s)
			// The local clock shows the service's time when Date is missing.
			life := s.launch(cfg, func(r *defenderReceiver) { r.now = s.Clock.Now })
			for round := range 9 {
				switch round {
				case 3:
					spoil(proxy)
				case 6:
					proxy.wrong.Store(0)
					proxy.missing.Store(false)
				}
				for part := range 6 {
					s.late(logons, 1000*round+100*part, 10, 0)
					s.Clock.Advance(10 * time.Second)
					s.Polls(logons, 1)
				}
			}
			for range 5 {
				s.Clock.Advance(30 * time.Minute)
				s.Polls(logons, 3)
			}
			s.readUntil(s.Clock.Now().Add(-settle-time.Second), logons)
			s.complete(logons)
			s.quiet()
			life.stop()
			s.accounts(s.Sink.Count(), true)
		})
	}
}
