package defenderreceiver

import (
	"context"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// Lend implements control.Lender: it gives a turn to a command beside the collector, behind all of the receiver's own.
func (c *controlled) Lend(ctx context.Context, waited time.Duration) (control.Loan, error) {
	grant, err := c.quota.Acquire(ctx, scheduler.Turn{
		Table: "lent", Kind: string(service.Read), Priority: lentPriority, Due: time.Now().Add(-waited), Behind: waited, Spare: true,
	})
	if err != nil {
		return nil, err
	}
	return loan{grant}, nil
}

var _ control.Lender = (*controlled)(nil)

// lentPriority is behind that of any table.
const lentPriority = 9

// loan is a turn of the receiver's that was lent.
type loan struct{ grant *scheduler.Grant }

// Return implements control.Loan.
func (l loan) Return(cpu time.Duration) {
	l.grant.Release(time.Time{})
	l.grant.Charge(cpu)
}
