package hunting

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/api"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/rows"
)

// Config is what the APIs serve, and with what.
type Config struct {
	RoleGraph, RoleLegacy string // the app roles that callers need
	Limits                Limits
	Quirks                Quirks
	Seed                  uint64
	Compile               Compile
	Now                   func() time.Time
	Logger                *slog.Logger
	Database              *rows.Database
	Entra                 *entra.Entra
	Faults                *faults.Plan
	Judge                 *judge.Judge
}

// Service is the tenant's hunting, which both APIs share.
type Service struct {
	Config
	quotas  quotas
	hold    hold
	seed    atomic.Uint64
	retired atomic.Bool
}

// New returns a tenant's hunting.
func New(c Config) *Service {
	s := &Service{Config: c, quotas: quotas{now: c.Now, limits: c.Limits}}
	s.seed.Store(c.Seed)
	return s
}

// Spent is the CPU that all queries have cost.
func (s *Service) Spent() time.Duration { return s.quotas.spent() }

// SetLegacyRetired switches the legacy API off or on.
func (s *Service) SetLegacyRetired(retired bool) { s.retired.Store(retired) }

// HoldAfter makes queries wait from when so many rows of events have been returned until release is called,
// so that a test can be sure that there is work left. It stands in the place of an earlier one.
func (s *Service) HoldAfter(rows int64) (release func()) { return s.hold.set(rows) }

// nextSeed gives every query another order of the rows that it did not order.
func (s *Service) nextSeed() uint64 { return s.seed.Add(1) }

// API is one of the two hunting APIs.
type API struct {
	*Service
	api            api.API
	audience, role string
	decode         func(body []byte) (query string, span *engine.Range, failure *answer.Failure)
	frame          func(Quirks, *result) (head, tail []byte)
}
