package reader

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// probe looks at some recent rows of the table, and at how many of them the service does not say when
// they arrived. A service that refuses to be asked for arrival does not say it of any; whatever else is refused says
// nothing of it.
func probe(ctx context.Context, client *service.Client, q *Question) (rows, unknown int, err error) {
	answer, err := client.Query(ctx, service.Probe, query.Page{}, q.table.Probe(), query.ProbeColumns())
	if failure.SaysNoArrival(err) {
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
