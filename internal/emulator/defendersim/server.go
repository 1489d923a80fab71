package defendersim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/rows"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/security"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/users"
)

// Server is a running emulator. Its methods may be called at any time, also while it serves.
type Server struct {
	// What a client needs to get a token.
	TenantID, ClientID, ClientSecret string

	application
	directory
	securityAPI
	*storageExport // nil without Options.StorageListen

	now      func() time.Time
	database *rows.Database
	hunting  *hunting.Service
	faults   *faults.Plan
	judge    *judge.Judge
	state    *state
	listener *listener
	identity *listener // of the managed identity; nil without Options.IdentityListen
}

// Start starts an emulator that serves until ctx ends or Close is called; Close is needed in either
// case, to wait for the end and to remove a temporary CA. Errors name the option.
func Start(ctx context.Context, o Options) (*Server, error) {
	o = o.withDefaults()
	s := &Server{
		TenantID: o.TenantID, ClientID: o.ClientID, ClientSecret: o.ClientSecret,
		now: o.Now, judge: judge.New(), faults: faults.NewPlan(o.Seed, o.Faults),
	}
	generated, err := generate(o)
	if err != nil {
		return nil, err
	}
	if err := s.fill(o, generated); err != nil {
		return nil, err
	}
	s.entra = entra.New(entra.Config{
		TenantID: o.TenantID, ClientID: o.ClientID, ClientSecret: o.ClientSecret, TokenLifetime: o.TokenLifetime, Roles: o.Roles, Now: o.Now,
	}, s.judge, s.faults)
	for _, certificate := range o.Certificates {
		s.entra.AddCertificate(certificate)
	}
	s.hunting = hunting.New(hunting.Config{
		RoleGraph: RoleGraph, RoleLegacy: RoleLegacy, Limits: *o.Limits, Quirks: o.Quirks, Seed: o.Seed, Compile: o.compile,
		Now: o.Now, Logger: o.Logger, Database: s.database, Entra: s.entra, Faults: s.faults, Judge: s.judge,
	})
	s.hunting.SetLegacyRetired(o.RetiredLegacy)
	s.secure(o, generated)
	if s.state, err = openState(o.StateDir); err != nil {
		return nil, err
	}
	if err := s.listen(ctx, o); err != nil {
		return nil, errors.Join(err, s.state.remove())
	}
	if o.StorageListen != "" {
		if err := s.export(ctx, o); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// listen serves the APIs over TLS, and the machine's identity in the clear, as Azure does.
func (s *Server) listen(ctx context.Context, o Options) error {
	certificate, err := s.state.ca.serverCertificate()
	if err != nil {
		return err
	}
	if s.listener, err = listen(ctx, o.Listen, o.Logger, &certificate, s.handler(o)); err != nil {
		return err
	}
	if o.IdentityListen == "" {
		return nil
	}
	if s.identity, err = listen(ctx, o.IdentityListen, o.Logger, nil, s.entra.Identity(IdentityHeader)); err != nil {
		s.listener.close()
	}
	return err
}

// fill makes the tenant's rows and users, and plants those of files.
func (s *Server) fill(o Options, generated *tenant.Tenant) error {
	var people []map[string]any
	if generated != nil {
		people = generated.Users()
	}
	var err error
	if s.users, err = users.NewDirectory(people); err != nil {
		return err
	}
	s.database, err = rows.New(rows.Options{
		Generated: generated, Retention: o.Limits.Retention, NoIngestionTime: o.NoIngestionTime, WithoutTables: o.WithoutTables, Extra: o.Extra,
	})
	if err != nil {
		return err
	}
	for _, f := range o.RowFiles {
		planted, notes, err := s.database.PlantFile(f, o.Now())
		if err != nil {
			return err
		}
		for _, note := range notes {
			s.judge.PassOver(note)
			o.Logger.Warn(note)
		}
		o.Logger.Info("planted rows", "table", f.Table, "file", f.Path, "rows", planted)
	}
	return nil
}

// secure makes Graph's security API over the tenant's alerts.
func (s *Server) secure(o Options, generated *tenant.Tenant) {
	var alerts, incidents security.Source
	var since time.Time
	if generated != nil {
		alerts, incidents, since = generated.SecurityAlerts, generated.SecurityIncidents, generated.Since()
	}
	list := func(name string, source security.Source, read, write string) *security.API {
		return security.NewAPI(name, security.Config{
			Objects: security.NewCollection(source, since), ReadRoles: []string{read, write}, WriteRole: write,
			Now: o.Now, Logger: o.Logger, Entra: s.entra, Faults: s.faults, Judge: s.judge,
		})
	}
	s.catalog = security.NewCatalog(security.ScoreConfig{Seed: o.Seed, TenantID: o.TenantID, Controls: o.Controls})
	catalog := func(name string) *security.Posture {
		return security.NewPosture(name, s.catalog, security.Config{
			ReadRoles: []string{RoleScores, RoleScoresWrite}, Now: o.Now, Logger: o.Logger, Entra: s.entra, Faults: s.faults, Judge: s.judge,
		})
	}
	s.scores, s.profiles = catalog(security.Scores), catalog(security.Profiles)
	s.lists.now = s.now
	s.alerts = list(security.Alerts, alerts, RoleAlerts, RoleAlertsWrite)
	s.incidents = list(security.Incidents, incidents, RoleIncidents, RoleIncidentsWrite)
}

// generate is the generated tenant, nil if there is none.
func generate(o Options) (*tenant.Tenant, error) {
	if o.Tenant == nil {
		return nil, nil
	}
	cfg := *o.Tenant
	cfg.TenantID = o.TenantID
	if cfg.Start.IsZero() {
		cfg.Start = o.Now()
	}
	generated, err := tenant.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("generate the tenant: %w", err)
	}
	return generated, nil
}

// Close ends the emulator and waits until it has ended. Its figures remain readable.
func (s *Server) Close() error {
	s.listener.close()
	if s.identity != nil {
		s.identity.close()
	}
	if s.storageExport != nil {
		s.storageExport.close()
	}
	return s.state.remove()
}

// URL is the base of both APIs and of Entra ID, e.g. https://127.0.0.1:8443.
func (s *Server) URL() string { return s.listener.url }

// IdentityURL is what IDENTITY_ENDPOINT names to a client with a managed identity; "" without Options.IdentityListen.
func (s *Server) IdentityURL() string {
	if s.identity == nil {
		return ""
	}
	return s.identity.url + entra.IdentityPath
}

// CAFile is the path of the CA's certificate.
func (s *Server) CAFile() string { return filepath.Join(s.state.dir, caCertificateFile) }

// CAPEM is the CA's certificate.
func (s *Server) CAPEM() []byte { return s.state.ca.pem }

func (s *Server) handler(o Options) http.Handler {
	mux := http.NewServeMux()
	s.entra.Register(mux)
	s.registerAdmin(mux)
	graph := s.hunting.Graph()
	people := users.Config{
		Directory: s.users, PageMost: o.UserPage, Role: RoleUsers,
		Now: o.Now, Logger: o.Logger, Entra: s.entra, Faults: s.faults, Judge: s.judge,
	}
	for _, version := range []string{"v1.0", "beta"} {
		mux.Handle("POST /"+version+"/security/runHuntingQuery", graph)
		mux.Handle("POST /"+version+"/security/microsoft.graph.security.runHuntingQuery", graph)
		s.alerts.Register(mux, "/"+version+"/security")
		s.incidents.Register(mux, "/"+version+"/security")
		s.scores.Register(mux, "/"+version+"/security")
		s.profiles.Register(mux, "/"+version+"/security")
		s.alerts.RegisterOfIncident(mux, "/"+version+"/security")
		mux.Handle("GET /"+version+"/users", users.NewAPI(people, false))
		mux.Handle("GET /"+version+"/users/delta", users.NewAPI(people, true))
	}
	mux.Handle("POST /api/advancedhunting/run", s.hunting.Legacy())
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.judge.Call("other", "404")
		http.Error(w, "the emulator does not serve this method and path", http.StatusNotFound)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
		mux.ServeHTTP(w, r)
	})
}
