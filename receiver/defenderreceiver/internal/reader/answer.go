package reader

import (
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// serviceNow is the service's time that an answer's row says.
func serviceNow(body pcommon.Map) (time.Time, bool) {
	return query.Time(query.Text(body, query.ServiceNow))
}

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
