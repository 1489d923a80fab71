package defendersim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

const blockBytes = 256 << 10

// result is a query's answer, written but not yet sent.
type result struct {
	columns    []engine.Column
	blocks     [][]byte // the rows as JSON with commas between, cut anywhere
	bytes      int
	rows       int64
	made       int64 // of rows, those that the query itself has made
	scanned    int64
	identified bool     // identities tell rows of a table apart
	identities []uint64 // one a row of a table
	cut        bool     // its window may hold more rows
	cpu        time.Duration
	elapsed    time.Duration
}

// evaluate runs q and writes its rows, up to the limits.
func (a *api) evaluate(ctx context.Context, q query, poison bool) (*result, *apiError) {
	limits := a.server.limits
	if limits.QueryTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limits.QueryTimeout)
		defer cancel()
	}
	start := time.Now()
	columns := q.Columns()
	w := newRowWriter(columns, a.server.quirks, a.graph && a.server.quirks.Int64Annotations)
	w.poison = poison
	r := &result{columns: columns, identified: w.key.identifies}
	block := make([]byte, 0, blockBytes)
	tooLarge := false
	scanned, err := q.Run(ctx, func(row []value.Value) bool {
		if r.rows > 0 {
			block = append(block, ',')
		}
		var identity uint64
		before := len(block)
		block, identity = w.append(block, row)
		if w.key.isOfTable(row) {
			r.identities = append(r.identities, identity)
		} else {
			r.made++
		}
		r.bytes += len(block) - before + 1
		r.rows++
		if len(block) >= blockBytes {
			r.blocks = append(r.blocks, block)
			block = make([]byte, 0, blockBytes+4096)
		}
		tooLarge = limits.MaxResultBytes > 0 && r.bytes > limits.MaxResultBytes
		return !tooLarge && (limits.MaxRows <= 0 || r.rows < int64(limits.MaxRows))
	})
	r.blocks = append(r.blocks, block)
	r.scanned, r.cpu, r.elapsed = scanned, queryCPU(scanned, r.rows), time.Since(start)
	a.server.quotas.spend(r.cpu)
	switch {
	case tooLarge:
		return nil, resultTooLarge()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, timedOut()
	case errors.Is(err, context.Canceled):
		return nil, &apiError{status: http.StatusServiceUnavailable, code: "UnknownError", outcome: "client gone"}
	case err != nil:
		return nil, a.queryFailure(err)
	}
	return r, nil
}

// queryFailure puts the engine's refusal, which is in the service's words, into a 400.
func (a *api) queryFailure(err error) *apiError {
	if refused, ok := errors.AsType[*syntax.Error](err); ok {
		return badRequest(refused.Message, "400 query")
	}
	a.server.logger.Error("run a query", "error", err)
	return unknownFailure(http.StatusInternalServerError)
}

// graphFrame returns what stands around the rows of a Graph response.
func graphFrame(a *api, r *result) (head, tail []byte) {
	name, typ := "name", "type"
	if a.server.quirks.PascalSchema {
		name, typ = "Name", "Type"
	}
	head = append(head, `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults","schema":`...)
	head = appendSchema(head, r.columns, name, typ)
	return append(head, `,"results":[`...), []byte("]}")
}

// legacyFrame returns what stands around the rows of a legacy response, the statistics first.
func legacyFrame(_ *api, r *result) (head, tail []byte) {
	user := r.cpu * 9 / 10
	head = append(head, `{"Stats":{"ExecutionTime":`...)
	head = strconv.AppendFloat(head, r.elapsed.Seconds(), 'f', 7, 64)
	head = append(head, `,"resource_usage":{"cache":{"memory":{"hits":`...)
	head = strconv.AppendInt(head, r.scanned, 10)
	head = append(head, `,"misses":0,"total":`...)
	head = strconv.AppendInt(head, r.scanned, 10)
	head = fmt.Appendf(head, `},"disk":{"hits":0,"misses":0,"total":0}},"cpu":{"user":"%s","kernel":"%s","total cpu":"%s"},"memory":{"peak_per_node":%d}}`,
		cpuText(user), cpuText(r.cpu-user), cpuText(r.cpu), r.bytes)
	head = fmt.Appendf(head, `,"dataset_statistics":[{"table_row_count":%d,"table_size":%d}]},"Schema":`, r.rows, r.bytes)
	head = appendSchema(head, r.columns, "Name", "Type")
	return append(head, `,"Results":[`...), []byte("]}")
}

// cpuText writes d as the Stats do: hh:mm:ss.fffffff.
func cpuText(d time.Duration) string {
	d = d.Truncate(100)
	return fmt.Sprintf("%s.%07d", clockDuration(d.Truncate(time.Second)), d%time.Second/100)
}

func appendSchema(buf []byte, columns []engine.Column, name, typ string) []byte {
	buf = append(buf, '[')
	for i, c := range columns {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(appendString(append(buf, '{'), name), ':')
		buf = append(appendString(buf, c.Name), ',')
		buf = append(appendString(buf, typ), ':')
		buf = append(appendString(buf, schemaTypes[c.Type]), '}')
	}
	return append(buf, ']')
}

var schemaTypes = map[value.Type]string{
	value.Bool: "SByte", value.Int: "Int32", value.Long: "Int64", value.Real: "Double", value.DateTime: "DateTime",
	value.TimeSpan: "TimeSpan", value.String: "String", value.Dynamic: "Object",
}
