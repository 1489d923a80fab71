package checkup

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// answer is the one row of a query of the test.
type answer struct {
	rows, unknown int64
	now           time.Time
}

// asking sends the test's requests, and counts them.
type asking struct {
	Settings
	sent int
}

// ask sends a query in the receiver's turn.
func (a *asking) ask(ctx context.Context, kql string) (answer, error) {
	if err := a.takeTurn(ctx, a.Hunting); err != nil {
		return answer{}, err
	}
	a.sent++
	rows, err := a.Hunting.Query(ctx, service.Probe, query.Page{}, kql, query.ProbeColumns())
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	body := pcommon.NewMap()
	if ok, err := rows.Next(body); err != nil || !ok {
		return answer{}, errors.Join(errors.New("the answer has no row"), err)
	}
	found := answer{rows: number(body, query.ProbeRows), unknown: number(body, query.ProbeUnknown), now: instant(body)}
	if found.rows < 0 {
		return answer{}, fmt.Errorf("the answer's %s is no count", query.ProbeRows)
	}
	return found, nil
}

// takeTurn waits for the turn of a request, with patience.
func (a *asking) takeTurn(ctx context.Context, asker Asker) error {
	asker.Begin(time.Now())
	waiting, cancel := context.WithTimeout(ctx, a.Patience)
	defer cancel()
	err := asker.TakeTurn(waiting, service.Probe)
	if err != nil && ctx.Err() == nil {
		return errNoTurn
	}
	return err
}

// judge is what an error of a query means, and tells the scheduler of a 429.
func (a *asking) judge(err error) finding {
	if errors.Is(err, errNoTurn) {
		return a.noTurn()
	}
	f := of(err)
	if refused := (*hunting.Error)(nil); f.outcome == diagnosis.Throttled && errors.As(err, &refused) {
		a.Throttled(err)
	}
	return f
}

func (a *asking) noTurn() finding {
	if until, why := a.Blocked(); !until.IsZero() {
		return finding{
			diagnosis.Throttled, diagnosis.Warning, "the service asked to wait: " + why,
			"wait until " + until.UTC().Format(time.TimeOnly) + " UTC: the receiver does so by itself", nil,
		}
	}
	return finding{
		diagnosis.QuotaSpent, diagnosis.Warning,
		fmt.Sprintf("the receiver's share of the quota has had no room for a query for %s", a.Patience),
		"wait, or raise quota::share or the quota's figures if the tenant has more", nil,
	}
}

// number reads a count, which the service may also write as text. A count that is not there is -1.
func number(body pcommon.Map, column string) int64 {
	v, ok := body.Get(column)
	if !ok {
		return -1
	}
	n, err := strconv.ParseInt(v.AsString(), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func instant(body pcommon.Map) time.Time {
	v, ok := body.Get(query.ServiceNow)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, v.AsString())
	if err != nil {
		return time.Time{}
	}
	return t
}
