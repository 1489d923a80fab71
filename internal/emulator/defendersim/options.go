package defendersim

import (
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/users"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// The credentials that an emulator accepts unless Options say otherwise. They are published here and
// protect nothing.
const (
	DefaultTenantID     = "11111111-2222-4333-8444-555555555555"
	DefaultClientID     = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
	DefaultClientSecret = "not-a-secret~defendersim"
	// IdentityHeader is what IDENTITY_HEADER holds for a client with a managed identity.
	IdentityHeader = "not-a-secret~identity"
)

// The app roles that the two hunting APIs, Graph's users and its security API ask for. One that writes also reads.
const (
	RoleGraph          = "ThreatHunting.Read.All"
	RoleLegacy         = "AdvancedHunting.Read.All"
	RoleUsers          = "User.Read.All"
	RoleAlerts         = "SecurityAlert.Read.All"
	RoleAlertsWrite    = "SecurityAlert.ReadWrite.All"
	RoleIncidents      = "SecurityIncident.Read.All"
	RoleIncidentsWrite = "SecurityIncident.ReadWrite.All"
	RoleScores         = "SecurityEvents.Read.All"
	RoleScoresWrite    = "SecurityEvents.ReadWrite.All"
)

// Options are what an emulator is started with. Their zero value is a tenant without rows, strict
// about credentials, with the service's limits and none of its quirks or faults.
type Options struct {
	Listen string // host:port, by default a free port of 127.0.0.1
	// IdentityListen is where the machine's managed identity is served, in the clear as Azure does; empty: nowhere.
	IdentityListen string
	// StorageListen is where a storage account is served that the tenant's rows are exported to; empty: nowhere.
	StorageListen string
	StateDir      string // where the CA is kept; empty: in a temporary directory, removed at the end

	TenantID, ClientID, ClientSecret string              // empty: the published defaults
	Certificates                     []*x509.Certificate // of the application, beside its secret
	TokenLifetime                    time.Duration       // 0: 3599 s, as Entra ID has it
	Roles                            []string            // app roles in new tokens; nil: all that read

	Now    func() time.Time // nil: time.Now
	Seed   uint64           // of faults, of quirks and of the order that `take` gives
	Logger *slog.Logger     // nil: silent

	// Tenant is the generated tenant; nil: no rows but those planted. It gets Options.TenantID, and
	// the emulator's present where its Start is zero.
	Tenant   *tenant.Config
	RowFiles []RowFile // rows to be planted at start

	WithoutTables []string // tables that the tenant's plan lacks
	// Extra are tables that Microsoft's schema does not have, for clients that read whatever there is.
	Extra           []*tables.Schema
	NoIngestionTime bool    // ingestion_time() is null for every row
	RetiredLegacy   bool    // the legacy API answers that it is retired
	UserPage        int     // users on a page of Graph's at most; 0: 999, as Graph has it
	Controls        int     // of the generated Secure Score; 0: there is none but what is put
	Limits          *Limits // nil: DefaultLimits
	Quirks          Quirks
	Faults          []Fault

	compile hunting.Compile // tests only: stands in for the KQL engine
}

func (o Options) withDefaults() Options {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.TenantID == "" {
		o.TenantID = DefaultTenantID
	}
	if o.ClientID == "" {
		o.ClientID = DefaultClientID
	}
	if o.ClientSecret == "" {
		o.ClientSecret = DefaultClientSecret
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = 3599 * time.Second
	}
	if o.Roles == nil {
		o.Roles = []string{RoleGraph, RoleLegacy, RoleUsers, RoleAlerts, RoleIncidents, RoleScores}
	}
	if o.UserPage == 0 {
		o.UserPage = users.PageMost
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Limits == nil {
		o.Limits = new(DefaultLimits())
	}
	if o.compile == nil {
		o.compile = hunting.CompileKQL
	}
	return o
}
