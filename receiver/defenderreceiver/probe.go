package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// checkTimeBasis asks again whether the service still says when rows arrive: rows without it would not be
// found, and nothing else would tell.
func (t *table) checkTimeBasis(ctx context.Context) error {
	if t.set.mode != ModeAuto || t.yields() {
		return nil
	}
	rows, unknown, err := t.probe(ctx)
	if err != nil || rows == 0 || (unknown == 0) == (t.query.TimeBasis == query.Arrival) {
		return err
	}
	return t.chooseTimeBasis(ctx, unknown == 0)
}

// probe looks at some recent rows of the table, and at how many of them the service does not say when
// they arrived. A service that refuses to be asked for arrival does not say it of any; whatever else is refused says
// nothing of it.
func (t *reader) probe(ctx context.Context) (rows, unknown int, err error) {
	answer, err := t.service.Query(ctx, service.Probe, query.Page{}, t.query.Probe(), query.ProbeColumns())
	if saysNoArrival(err) {
		return 1, 1, nil
	}
	if err != nil {
		return 0, 0, err
	}
	defer answer.Close()
	body := pcommon.NewMap()
	if ok, err := answer.Next(body); err != nil || !ok {
		return 0, 0, errors.Join(errors.New("the probe gave no row"), err)
	}
	if now, told := serviceNow(body); told {
		answer.ObserveNow(now)
	}
	rows, err = number(body, query.ProbeRows)
	if err != nil {
		return 0, 0, err
	}
	unknown, err = number(body, query.ProbeUnknown)
	return rows, unknown, err
}

// saysNoArrival reports whether the service refuses ingestion_time(), by its own word.
func saysNoArrival(err error) bool {
	refusal := failure.Refusal(err)
	return isRefused(err) && refusal != nil && strings.Contains(strings.ToLower(refusal.Message+refusal.Name), "ingestion_time")
}

// serviceNow is the service's time that an answer's row says.
func serviceNow(body pcommon.Map) (time.Time, bool) { return parseTime(text(body, query.ServiceNow)) }

// number reads a count, which the service may also write as text. A count that cannot be read must not
// pass for nought.
func number(body pcommon.Map, column string) (int, error) {
	v, _ := body.Get(column)
	n, err := strconv.Atoi(v.AsString())
	if err != nil {
		return 0, fmt.Errorf("the answer's %s is no count: %w", column, err)
	}
	return n, nil
}
