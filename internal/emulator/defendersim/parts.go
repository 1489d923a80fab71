package defendersim

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/rows"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/security"
)

// What an emulator is told, and what it tells, is defined where it is used; these are its names for tests.
type (
	Limits      = hunting.Limits
	Quirks      = hunting.Quirks
	Fault       = faults.Fault
	FaultKind   = faults.Kind
	Planted     = rows.Planted
	RowFile     = rows.File
	TrueRow     = rows.TrueRow
	Federation  = entra.Federation
	Report      = judge.Report
	TableReport = judge.TableReport

	SecurityVersion = security.Version
	SecurityOrder   = security.Order
)

// What the lists of the security API do with $orderby.
const (
	OrderHonoured = security.OrderHonoured
	OrderIgnored  = security.OrderIgnored
	OrderRefused  = security.OrderRefused
)

// OutcomeLinkOfTop is the outcome of a call that follows the link of a request with $top to scores that nobody has asked for.
const OutcomeLinkOfTop = security.LinkOfTop

// The kinds of faults.
const (
	FaultTooManyRequests = faults.TooManyRequests
	FaultBareThrottle    = faults.BareThrottle
	FaultCPU             = faults.CPU
	FaultUnauthorized    = faults.Unauthorized
	FaultChallenge       = faults.Challenge
	FaultHTML413         = faults.HTML413
	FaultServerError     = faults.ServerError
	FaultHTML502         = faults.HTML502
	FaultUnavailable     = faults.Unavailable
	FaultGatewayTimeout  = faults.GatewayTimeout
	FaultResultSize      = faults.ResultSize
	FaultPreempted       = faults.Preempted
	FaultTimeout         = faults.Timeout
	FaultTruncate        = faults.Truncate
	FaultReset           = faults.Reset
	FaultDrop            = faults.Drop
	FaultSlow            = faults.Slow
	FaultStall           = faults.Stall
	FaultBadJSON         = faults.BadJSON
	FaultPoison          = faults.Poison
	FaultPartial         = faults.Partial
	FaultToken503        = faults.Token503
)

// DefaultLimits are those that Microsoft publishes.
func DefaultLimits() Limits { return hunting.DefaultLimits() }

// DefaultQuirks are those that every client meets.
func DefaultQuirks() Quirks { return hunting.DefaultQuirks() }

// ParseQuirks reads names separated by commas, see hunting.ParseQuirks.
func ParseQuirks(text string) (Quirks, error) { return hunting.ParseQuirks(text) }

// ParseFaults reads `kind[=delay][@table][:rate]`, separated by commas, see faults.Parse.
func ParseFaults(text string) ([]Fault, error) { return faults.Parse(text) }

// ParseRowFile reads `TABLE=FILE[,recent]`.
func ParseRowFile(text string) (RowFile, error) { return rows.ParseFile(text) }

// RowKey names a row of a Device*Events table, see rows.RowKey.
func RowKey(deviceID string, timestamp time.Time, reportID int64, actionType string) string {
	return rows.RowKey(deviceID, timestamp, reportID, actionType)
}
