package defenderreceiver

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
				s.clock.Advance(time.Second)
				s.late(logons, 100*round+50, 10, 0)
				s.clock.Advance(10 * time.Second)
				if round%2 == 0 {
					s.readUntil(s.clock.Now().Add(-settle), logons)
				}
			}
			s.readUntil(s.clock.Now().Add(-settle), logons)
			s.complete(logons)
			s.quiet()
			life.stop()
			s.accounts(s.sink.count(), true)
		})
	}
}

// dateProxy passes calls on and changes the Date of their answers.
type dateProxy struct {
	wrong   atomic.Int64 // added to Date
	missing atomic.Bool
}

// start returns the proxy's URL.
func (p *dateProxy) start(s *stage) string {
	s.t.Helper()
	target, err := url.Parse(s.sim.URL())
	require.NoError(s.t, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			date, err := http.ParseTime(r.Header.Get("Date"))
			if err != nil {
				return err
			}
			r.Header.Set("Date", date.Add(time.Duration(p.wrong.Load())).Format(http.TimeFormat))
			if p.missing.Load() {
				r.Header.Del("Date")
			}
			return nil
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil // net/http would add its own
		proxy.ServeHTTP(w, r)
	}))
	s.t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	return server.URL
}

// The service's Date is wrong and missing for a while. A Date of the future makes cursors pass rows that
// have not arrived yet; the audit finds them.
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
			life := s.launch(cfg, func(r *defenderReceiver) { r.now = s.clock.Now })
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
					s.clock.Advance(10 * time.Second)
					s.polls(logons, 1)
				}
			}
			for range 5 {
				s.clock.Advance(30 * time.Minute)
				s.polls(logons, 3)
			}
			s.readUntil(s.clock.Now().Add(-settle-time.Second), logons)
			s.complete(logons)
			s.quiet()
			life.stop()
			s.accounts(s.sink.count(), true)
		})
	}
}
