package entra

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
)

// Entra emulates Entra ID's v2.0 endpoints for one tenant with one application.
type Entra struct {
	*Registration
	*Tokens
	application

	judge  *judge.Judge
	faults *faults.Plan
}

// Config is the application that Entra ID knows, and what its tokens say.
type Config struct {
	TenantID, ClientID, ClientSecret string
	TokenLifetime                    time.Duration
	Roles                            []string
	Now                              func() time.Time
}

// New returns Entra ID for one application.
func New(c Config, j *judge.Judge, f *faults.Plan) *Entra {
	app := application{tenantID: c.TenantID, clientID: c.ClientID, now: c.Now}
	return &Entra{
		application: app, Registration: newRegistration(app, c.ClientSecret), Tokens: newTokens(app, c.TokenLifetime, c.Roles),
		judge: j, faults: f,
	}
}
