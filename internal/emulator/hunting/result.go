package hunting

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/rows"
)

const blockBytes = 256 << 10

// result is a query's answer, written but not yet sent.
type result struct {
	judge.Result
	columns []engine.Column
	blocks  [][]byte // the rows as JSON with commas between, cut anywhere
	cpu     time.Duration
	elapsed time.Duration
}

// evaluate runs q and writes its rows, up to the limits.
func (a *API) evaluate(ctx context.Context, q Query, poison bool) (*result, *answer.Failure) {
	limits := a.Limits
	if limits.QueryTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limits.QueryTimeout)
		defer cancel()
	}
	start := time.Now()
	columns := q.Columns()
	w := newRowWriter(columns, a.Quirks, a.api.Graph && a.Quirks.Int64Annotations)
	w.poison = poison
	r := &result{columns: columns, Result: judge.Result{Identified: w.key.Identifies}}
	block := make([]byte, 0, blockBytes)
	tooLarge := false
	scanned, err := q.Run(ctx, func(row []value.Value) bool {
		if r.Rows > 0 {
			block = append(block, ',')
		}
		var identity uint64
		before := len(block)
		block, identity = w.append(block, row)
		if w.key.IsOfTable(row) {
			r.Identities = append(r.Identities, identity)
		} else {
			r.Made++
		}
		r.Bytes += len(block) - before + 1
		r.Rows++
		if len(block) >= blockBytes {
			r.blocks = append(r.blocks, block)
			block = make([]byte, 0, blockBytes+4096)
		}
		tooLarge = limits.MaxResultBytes > 0 && r.Bytes > limits.MaxResultBytes
		return !tooLarge && (limits.MaxRows <= 0 || r.Rows < int64(limits.MaxRows))
	})
	r.blocks = append(r.blocks, block)
	r.Scanned, r.cpu, r.elapsed = scanned, queryCPU(scanned, r.Rows), time.Since(start)
	a.quotas.spend(r.cpu)
	switch {
	case tooLarge:
		return nil, answer.ResultTooLarge()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, answer.TimedOut()
	case errors.Is(err, context.Canceled):
		return nil, &answer.Failure{Status: http.StatusServiceUnavailable, Code: "UnknownError", Outcome: "client gone"}
	case err != nil:
		return nil, a.queryFailure(err)
	}
	return r, nil
}

// queryFailure puts the engine's refusal, which is in the service's words, into a 400.
func (a *API) queryFailure(err error) *answer.Failure {
	if refused, ok := errors.AsType[*syntax.Error](err); ok {
		return answer.BadRequest(refused.Message, "400 query")
	}
	a.Logger.Error("run a query", "error", err)
	return answer.Unknown(http.StatusInternalServerError)
}

// graphFrame returns what stands around the rows of a Graph response.
func graphFrame(a *API, r *result) (head, tail []byte) {
	name, typ := "name", "type"
	if a.Quirks.PascalSchema {
		name, typ = "Name", "Type"
	}
	head = append(head, `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults","schema":`...)
	head = appendSchema(head, r.columns, name, typ)
	return append(head, `,"results":[`...), []byte("]}")
}

// legacyFrame returns what stands around the rows of a legacy response, the statistics first.
func legacyFrame(_ *API, r *result) (head, tail []byte) {
	user := r.cpu * 9 / 10
	head = append(head, `{"Stats":{"ExecutionTime":`...)
	head = strconv.AppendFloat(head, r.elapsed.Seconds(), 'f', 7, 64)
	head = append(head, `,"resource_usage":{"cache":{"memory":{"hits":`...)
	head = strconv.AppendInt(head, r.Scanned, 10)
	head = append(head, `,"misses":0,"total":`...)
	head = strconv.AppendInt(head, r.Scanned, 10)
	head = fmt.Appendf(head, `},"disk":{"hits":0,"misses":0,"total":0}},"cpu":{"user":"%s","kernel":"%s","total cpu":"%s"},"memory":{"peak_per_node":%d}}`,
		cpuText(user), cpuText(r.cpu-user), cpuText(r.cpu), r.Bytes)
	head = fmt.Appendf(head, `,"dataset_statistics":[{"table_row_count":%d,"table_size":%d}]},"Schema":`, r.Rows, r.Bytes)
	head = appendSchema(head, r.columns, "Name", "Type")
	return append(head, `,"Results":[`...), []byte("]}")
}

// cpuText writes d as the Stats do: hh:mm:ss.fffffff.
func cpuText(d time.Duration) string {
	d = d.Truncate(100)
	return fmt.Sprintf("%s.%07d", answer.ClockDuration(d.Truncate(time.Second)), d%time.Second/100)
}

func appendSchema(buf []byte, columns []engine.Column, name, typ string) []byte {
	buf = append(buf, '[')
	for i, c := range columns {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(rows.AppendString(append(buf, '{'), name), ':')
		buf = append(rows.AppendString(buf, c.Name), ',')
		buf = append(rows.AppendString(buf, typ), ':')
		buf = append(rows.AppendString(buf, schemaTypes[c.Type]), '}')
	}
	return append(buf, ']')
}

var schemaTypes = map[value.Type]string{
	value.Bool: "SByte", value.Int: "Int32", value.Long: "Int64", value.Real: "Double", value.DateTime: "DateTime",
	value.TimeSpan: "TimeSpan", value.String: "String", value.Dynamic: "Object",
}
