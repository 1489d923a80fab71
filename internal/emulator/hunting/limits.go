package hunting

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Limits are the service's; a zero in any field means that there is no such limit.
type Limits struct {
	CallsPerMinute    int
	CallsPerHour      int
	CPUPerQuarterHour time.Duration
	QueryTimeout      time.Duration
	MaxRows           int           // more are cut off silently
	MaxResultBytes    int           // more give a 400
	MaxRequestBytes   int64         // more give a 413
	Retention         time.Duration // rows whose Timestamp is older are never returned
}

// DefaultLimits are those that Microsoft publishes; CPU is a quarter of the ten minutes an hour that
// its Defender for Endpoint page names.
func DefaultLimits() Limits {
	return Limits{
		CallsPerMinute:    45,
		CallsPerHour:      1500,
		CPUPerQuarterHour: 150 * time.Second,
		QueryTimeout:      3 * time.Minute,
		MaxRows:           100_000,
		MaxResultBytes:    50 << 20,
		MaxRequestBytes:   1 << 20,
		Retention:         tables.Retention,
	}
}

// WithoutQuotas is l for a tenant that may call and spend CPU as it likes.
func (l Limits) WithoutQuotas() Limits {
	l.CallsPerMinute, l.CallsPerHour, l.CPUPerQuarterHour = 0, 0, 0
	return l
}
