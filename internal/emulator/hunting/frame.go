package hunting

import (
	"fmt"
	"strconv"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/rows"
)

// result is a query's answer, written but not yet sent.
type result struct {
	judge.Result
	columns []engine.Column
	blocks  [][]byte // the rows as JSON with commas between, cut anywhere
	cpu     time.Duration
	elapsed time.Duration
}

// graphFrame returns what stands around the rows of a Graph response.
func graphFrame(quirks Quirks, r *result) (head, tail []byte) {
	name, typ := "name", "type"
	if quirks.PascalSchema {
		name, typ = "Name", "Type"
	}
	head = append(head, `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults","schema":`...)
	head = appendSchema(head, r.columns, name, typ)
	return append(head, `,"results":[`...), []byte("]}")
}

// legacyFrame returns what stands around the rows of a legacy response, the statistics first.
func legacyFrame(_ Quirks, r *result) (head, tail []byte) {
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
