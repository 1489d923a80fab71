package rows

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// noTime is the tick count of a null datetime.
const noTime = math.MinInt64

func packCell(t tables.Type, given any) ([]byte, error) {
	switch t {
	case tables.Bool:
		v, err := boolean(given)
		if err != nil {
			return nil, err
		}
		return []byte{v}, nil
	case tables.Int, tables.Long:
		n, err := integer(given)
		if err == nil && t == tables.Int && int64(int32(n)) != n {
			err = fmt.Errorf("%d does not fit a 32-bit integer", n)
		}
		return binary.BigEndian.AppendUint64(nil, uint64(n)), err
	case tables.DateTime:
		ticks, err := datetime(given)
		if err != nil || ticks == noTime {
			return nil, err
		}
		return binary.BigEndian.AppendUint64(nil, uint64(ticks)), nil
	case tables.Dynamic:
		return marshalJSON(given)
	default:
		if s, ok := given.(string); ok {
			return []byte(s), nil
		}
		if n, ok := given.(json.Number); ok {
			return []byte(n), nil
		}
		return marshalJSON(given)
	}
}

// unpackCells sets values, one a column; what has no cell is null.
func unpackCells(values []value.Value, columns []engine.Column, cells string) {
	for i := range values {
		values[i] = value.Null(columns[i].Type)
	}
	for len(cells) > 0 {
		column := int(cells[0])
		length, n := uvarint(cells[1:])
		values[column] = unpackCell(columns[column].Type, cells[1+n:1+n+length])
		cells = cells[1+n+length:]
	}
}

func unpackCell(t value.Type, cell string) value.Value {
	switch t {
	case value.Bool:
		return value.NewBool(cell[0] != 0)
	case value.Int:
		return value.NewInt(int32(number(cell)))
	case value.Long:
		return value.NewLong(number(cell))
	case value.DateTime:
		return value.NewDateTime(number(cell))
	case value.Dynamic:
		return value.ParseJSON(cell)
	default:
		return value.NewString(cell)
	}
}

func number(cell string) int64 {
	var n uint64
	for i := range 8 {
		n = n<<8 | uint64(cell[i])
	}
	return int64(n)
}

func uvarint(s string) (n, bytes int) {
	for shift := 0; ; shift += 7 {
		b := s[bytes]
		bytes++
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return n, bytes
		}
	}
}

func boolean(given any) (byte, error) {
	switch strings.ToLower(fmt.Sprint(given)) {
	case "true", "1":
		return 1, nil
	case "false", "0":
		return 0, nil
	}
	return 0, fmt.Errorf("%v is no boolean", given)
}

func integer(given any) (int64, error) {
	if f, ok := given.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), nil
	}
	n, err := strconv.ParseInt(fmt.Sprint(given), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%v is no integer", given)
	}
	return n, nil
}

func datetime(given any) (int64, error) {
	switch v := given.(type) {
	case time.Time:
		return value.Ticks(v), nil
	case string:
		if v == "" {
			return noTime, nil
		}
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return noTime, fmt.Errorf("%q is no time, write it like 2026-11-21T09:30:00.1234567Z", v)
		}
		return value.Ticks(t), nil
	}
	return noTime, fmt.Errorf("%v is no time", given)
}
