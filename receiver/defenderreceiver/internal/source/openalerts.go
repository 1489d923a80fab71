package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/posture"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// OpenAlerts counts the alerts that are not resolved. It reads none of them.
type OpenAlerts struct {
	service *service.Lists
	board   *posture.Board[map[posture.AlertGroup]int]
	health  *health.Source
	counter posture.OpenAlerts
	came    time.Time
}

// NewOpenAlerts makes the source of the counts, which go to a board.
func NewOpenAlerts(client *service.Lists, board *posture.Board[map[posture.AlertGroup]int], bySource bool, seen *health.Source) *OpenAlerts {
	o := &OpenAlerts{service: client, board: board, health: seen}
	o.counter = posture.OpenAlerts{BySource: bySource, Count: o.count}
	return o
}

// Poll counts.
func (o *OpenAlerts) Poll(ctx context.Context) (bool, error) {
	began := o.service.Time()
	counts, err := o.counter.Read(ctx)
	if err != nil {
		return false, fmt.Errorf("count open alerts: %w", err)
	}
	o.board.Show(counts, o.service.Now())
	o.came = o.service.Now()
	o.health.Progress(began)
	return false, nil
}

// errUncounted says that the count of a list cannot be used.
var errUncounted = errors.New("the service does not say how many alerts there are in all: set metrics::defender.alerts.open::enabled: false")

func (o *OpenAlerts) count(ctx context.Context, filter string) (int, error) {
	rows, err := o.service.Page(ctx, hunting.ObjectsRequest{Filter: filter, Top: 1, Count: true})
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for body := pcommon.NewMap(); ; {
		more, err := rows.Next(body)
		if err != nil {
			return 0, err
		}
		if !more {
			break
		}
	}
	n, known := rows.Count()
	// With a page behind this one there are more alerts than stand here, or it is those that were counted.
	if read := int(rows.Stats().Rows); !known || n < read || n == read && rows.Link().URL != "" {
		return 0, errUncounted
	}
	if missing := rows.Partial(); missing != "" {
		return 0, fmt.Errorf("the service counted a part of the alerts only: %s", missing)
	}
	return n, nil
}

// Furthest is when alerts were counted last.
func (o *OpenAlerts) Furthest() time.Time { return o.came }

// Situation says that the security API has limits and a permission of its own.
func (o *OpenAlerts) Situation() failure.Situation {
	return failure.Situation{ServiceNow: o.service.Time(), OwnLimits: true}
}

// Advise says by which setting the counts are left out.
func (*OpenAlerts) Advise(err error) error {
	if failure.Is(err, hunting.Forbidden, hunting.Unlicensed) {
		return fmt.Errorf("grant SecurityAlert.Read.All, or set metrics::defender.alerts.open::enabled: false: %w", err)
	}
	return err
}

// Adapt has nothing to leave out.
func (*OpenAlerts) Adapt(error) bool { return false }

// AskForLess has nothing to ask less for.
func (*OpenAlerts) AskForLess(context.Context, failure.Doubt, error) bool { return false }

// Succeeded has nothing to do.
func (*OpenAlerts) Succeeded() {}
