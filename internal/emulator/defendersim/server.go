package defendersim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a running emulator. Its methods may be called at any time, also while it serves.
type Server struct {
	// What a client needs to get a token.
	TenantID, ClientID, ClientSecret string

	now      func() time.Time
	logger   *slog.Logger
	limits   Limits
	quirks   Quirks
	compile  compileFunc
	database *database
	users    *userDirectory
	userPage int // users on one at most
	entra    *entra
	quotas   *quotas
	faults   *faultPlan
	judge    *judge
	hold     hold
	ca       *certificateAuthority
	seed     atomic.Uint64
	retired  atomic.Bool

	url       string
	stateDir  string
	ownsState bool // stateDir is temporary
	http      *http.Server
	underWay  *callWatch
	cancel    context.CancelFunc
	served    sync.WaitGroup
}

// shutdownTimeout is how long Close waits for calls that are under way.
const shutdownTimeout = 2 * time.Second

// Start starts an emulator that serves until ctx ends or Close is called; Close is needed in either
// case, to wait for the end and to remove a temporary CA. Errors name the option.
func Start(ctx context.Context, o Options) (*Server, error) {
	o = o.withDefaults()
	db, err := newDatabase(o)
	if err != nil {
		return nil, err
	}
	users, err := newUserDirectory(db.users())
	if err != nil {
		return nil, err
	}
	j, faults := newJudge(), newFaultPlan(o.Seed, o.Faults)
	s := &Server{
		TenantID: o.TenantID, ClientID: o.ClientID, ClientSecret: o.ClientSecret,
		now: o.Now, logger: o.Logger, limits: *o.Limits, quirks: o.Quirks, compile: o.compile,
		database: db, users: users, userPage: o.UserPage, entra: newEntra(o, j, faults), judge: j,
		quotas: &quotas{now: o.Now, limits: *o.Limits},
		faults: faults, stateDir: o.StateDir,
	}
	s.seed.Store(o.Seed)
	s.retired.Store(o.RetiredLegacy)
	for _, f := range o.RowFiles {
		if err := s.plantFile(f); err != nil {
			return nil, err
		}
	}
	if err := s.prepareState(); err != nil {
		return nil, err
	}
	if err := s.listen(ctx, o.Listen); err != nil {
		return nil, errors.Join(err, s.removeState())
	}
	return s, nil
}

func (s *Server) prepareState() error {
	if s.stateDir == "" {
		dir, err := os.MkdirTemp("", "defendersim-")
		if err != nil {
			return fmt.Errorf("create a directory for the CA: %w", err)
		}
		s.stateDir, s.ownsState = dir, true
	} else if err := os.MkdirAll(s.stateDir, 0o700); err != nil {
		return fmt.Errorf("create the state directory: %w", err)
	}
	ca, err := loadCertificateAuthority(s.stateDir)
	if err != nil {
		return errors.Join(err, s.removeState())
	}
	s.ca = ca
	return nil
}

func (s *Server) removeState() error {
	if !s.ownsState {
		return nil
	}
	if err := os.RemoveAll(s.stateDir); err != nil {
		return fmt.Errorf("remove the CA's temporary directory: %w", err)
	}
	return nil
}

func (s *Server) listen(ctx context.Context, address string) error {
	certificate, err := s.ca.serverCertificate()
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	// Calls that are under way outlive ctx for as long as shutdown lets them.
	calls, abandonCalls := context.WithCancel(context.WithoutCancel(ctx))
	ctx, s.cancel = context.WithCancel(ctx)
	s.url = "https://" + listener.Addr().String()
	s.underWay = &callWatch{active: map[net.Conn]struct{}{}}
	s.http = &http.Server{
		Handler:           s.handler(),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		ErrorLog:          log.New(errorLog{s.logger}, "", 0),
		BaseContext:       func(net.Listener) context.Context { return calls },
		ConnState:         s.underWay.observe,
		ReadHeaderTimeout: 10 * time.Second,
	}
	s.served.Go(func() {
		if err := s.http.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			s.logger.Error("serve", "error", err)
		}
	})
	s.served.Go(func() {
		<-ctx.Done()
		s.shutdown(calls)
		abandonCalls()
	})
	return nil
}

// shutdown lets calls that are under way end, for a while. Left alone, http.Server.Shutdown would
// keep every HTTP/2 connection for a second after its last call.
func (s *Server) shutdown(calls context.Context) {
	ctx, cancel := context.WithTimeout(calls, shutdownTimeout)
	defer cancel()
	s.served.Go(func() {
		s.underWay.wait(ctx)
		cancel()
	})
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
}

// Close ends the emulator and waits until it has ended. Its figures remain readable.
func (s *Server) Close() error {
	s.cancel()
	s.served.Wait()
	return s.removeState()
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	s.entra.register(mux)
	s.registerAdmin(mux)
	graph, legacy := newGraphAPI(s), newLegacyAPI(s)
	for _, version := range []string{"v1.0", "beta"} {
		mux.Handle("POST /"+version+"/security/runHuntingQuery", graph)
		mux.Handle("POST /"+version+"/security/microsoft.graph.security.runHuntingQuery", graph)
		mux.Handle("GET /"+version+"/users", newUsersAPI(s, false))
		mux.Handle("GET /"+version+"/users/delta", newUsersAPI(s, true))
	}
	mux.Handle("POST /api/advancedhunting/run", legacy)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.judge.call("other", "404")
		http.Error(w, "the emulator does not serve this method and path", http.StatusNotFound)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
		mux.ServeHTTP(w, r)
	})
}

// nextSeed gives every query another order of the rows that it did not order.
func (s *Server) nextSeed() uint64 { return s.seed.Add(1) }

// URL is the base of both APIs and of Entra ID, e.g. https://127.0.0.1:8443.
func (s *Server) URL() string { return s.url }

// CAFile is the path of the CA's certificate.
func (s *Server) CAFile() string { return filepath.Join(s.stateDir, caCertificateFile) }

// CAPEM is the CA's certificate.
func (s *Server) CAPEM() []byte { return s.ca.pem }

// errorLog passes net/http's complaints on, such as clients that do not trust the CA.
type errorLog struct{ logger *slog.Logger }

func (l errorLog) Write(p []byte) (int, error) {
	l.logger.Debug(string(p))
	return len(p), nil
}
