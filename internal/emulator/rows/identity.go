package rows

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// RowKey names a row of a Device*Events table: DeviceId|Timestamp in ticks of 100 ns|ReportId|ActionType.
func RowKey(deviceID string, timestamp time.Time, reportID int64, actionType string) string {
	return strings.Join([]string{
		deviceID, strconv.FormatInt(value.Ticks(timestamp), 10), strconv.FormatInt(reportID, 10), actionType,
	}, "|")
}

// Identity tells the rows of a result apart: by the four columns of RowKey where the result has them,
// else by all its columns.
type Identity struct {
	columns []int
	byKey   bool // columns are those of RowKey
	// Identifies is false of results that are no rows of a table, such as counts.
	Identifies bool
	timestamp  int // the column of that name, where Identifies is true
	scratch    []byte
}

var keyColumns = []string{"DeviceId", tables.TimestampColumn, tables.ReportIDColumn, "ActionType"}

// NewIdentity returns the identity of a result with these columns.
func NewIdentity(columns []engine.Column) Identity {
	k := Identity{timestamp: slices.IndexFunc(columns, isTimestamp)}
	k.Identifies = k.timestamp >= 0
	for _, name := range keyColumns {
		i := slices.IndexFunc(columns, func(c engine.Column) bool { return c.Name == name })
		if i < 0 {
			k.columns = k.columns[:0]
			for all := range columns {
				k.columns = append(k.columns, all)
			}
			return k
		}
		k.columns = append(k.columns, i)
	}
	k.byKey = true
	return k
}

// IsOfTable reports whether a row is one of a table, and not one that the query itself has made, as with print.
func (k *Identity) IsOfTable(row []value.Value) bool {
	return !k.Identifies || !row[k.timestamp].IsNull()
}

// Hash is the same for rows that are the same.
func (k *Identity) Hash(row []value.Value) uint64 {
	b := k.scratch[:0]
	for _, i := range k.columns {
		v := &row[i]
		switch v.Type() {
		case value.String:
			b = append(b, v.Text()...)
		case value.Dynamic:
			b = AppendDynamic(b, v.Object())
		case value.Real:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Real()))
		default:
			b = binary.LittleEndian.AppendUint64(b, uint64(v.Int()))
		}
		if v.IsNull() {
			b = append(b, 1)
		}
		b = append(b, 0)
	}
	k.scratch = b
	return xxhash.Sum64(b)
}

// name is RowKey of a row that has its columns, else the hash of the whole row.
func (k *Identity) name(row []value.Value) string {
	if !k.byKey {
		return fmt.Sprintf("%016x", k.Hash(row))
	}
	return RowKey(row[k.columns[0]].Text(), value.Time(row[k.columns[1]].Ticks()), row[k.columns[2]].Int(), row[k.columns[3]].Text())
}

func isTimestamp(c engine.Column) bool { return c.Name == tables.TimestampColumn }
