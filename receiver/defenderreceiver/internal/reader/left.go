package reader

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// CountLeft counts the rows of a range that filters leave on the server: those of system accounts alone, and of the others
// those that the user's filter leaves out. It is one query, and none if there are no filters.
func (a *Auditor) CountLeft(ctx context.Context, from, to time.Time) (system, filter int, err error) {
	table := a.reader.Question.table
	if !table.IsFiltered() {
		return 0, 0, nil
	}
	page := query.Page{From: from, To: to}
	rows, err := a.counter.client.Query(ctx, service.Count, page, table.CountLeft(page), query.LeftColumns())
	if err != nil {
		return 0, 0, fmt.Errorf("count what filters leave on the server from %s: %w", from.Format(time.RFC3339), err)
	}
	defer rows.Close()
	body := pcommon.NewMap()
	if more, err := rows.Next(body); err != nil || !more {
		return 0, 0, errors.Join(errors.New("the answer has no count of what filters leave on the server"), err)
	}
	if now, told := serviceNow(body); told {
		rows.ObserveNow(now)
	}
	var numbers [3]int
	for i, column := range []string{query.LeftAll, query.LeftHuman, query.LeftRead} {
		if numbers[i], err = number(body, column); err != nil {
			return 0, 0, fmt.Errorf("the count of what filters leave on the server cannot be read: %w", err)
		}
	}
	return numbers[0] - numbers[1], numbers[1] - numbers[2], nil
}
