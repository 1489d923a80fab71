package defendersim

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// packCells writes a row's values as (column, length, bytes), without nulls and empty strings. The
// Timestamp is kept beside the cells, so it is left out too. Errors name the column.
func (t *plantedTable) packCells(row map[string]any) (string, error) {
	var packed []byte
	for name, value := range row {
		i, ok := t.index[name]
		if !ok {
			return "", fmt.Errorf("no column %q", name)
		}
		if value == nil || value == "" || i == t.timestamp {
			continue
		}
		cell, err := packCell(t.schema.Columns[i].Type, value)
		if err != nil {
			return "", fmt.Errorf("column %s: %w", name, err)
		}
		if len(cell) == 0 {
			continue
		}
		packed = append(packed, byte(i))
		packed = binary.AppendUvarint(packed, uint64(len(cell)))
		packed = append(packed, cell...)
	}
	return string(packed), nil
}

func packCell(t tables.Type, value any) ([]byte, error) {
	switch t {
	case tables.Bool:
		v, err := boolean(value)
		if err != nil {
			return nil, err
		}
		return []byte{v}, nil
	case tables.Int, tables.Long:
		n, err := integer(value)
		if err == nil && t == tables.Int && int64(int32(n)) != n {
			err = fmt.Errorf("%d does not fit a 32-bit integer", n)
		}
		return binary.BigEndian.AppendUint64(nil, uint64(n)), err
	case tables.DateTime:
		ticks, err := datetime(value)
		if err != nil || ticks == noTime {
			return nil, err
		}
		return binary.BigEndian.AppendUint64(nil, uint64(ticks)), nil
	case tables.Dynamic:
		return marshalJSON(value)
	default:
		if s, ok := value.(string); ok {
			return []byte(s), nil
		}
		if n, ok := value.(json.Number); ok {
			return []byte(n), nil
		}
		return marshalJSON(value)
	}
}

// marshalJSON leaves <, > and & as they are, which encoding/json's Marshal does not.
func marshalJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// unpackCells sets values, one a column; what has no cell is null.
func unpackCells(values []kql.Value, columns []kql.Column, cells string) {
	for i := range values {
		values[i] = kql.Null(columns[i].Type)
	}
	for len(cells) > 0 {
		column := int(cells[0])
		length, n := uvarint(cells[1:])
		values[column] = unpackCell(columns[column].Type, cells[1+n:1+n+length])
		cells = cells[1+n+length:]
	}
}

func unpackCell(t kql.Type, cell string) kql.Value {
	switch t {
	case kql.Bool:
		return kql.NewBool(cell[0] != 0)
	case kql.Int:
		return kql.NewInt(int32(number(cell)))
	case kql.Long:
		return kql.NewLong(number(cell))
	case kql.DateTime:
		return kql.NewDateTime(number(cell))
	case kql.Dynamic:
		decoder := json.NewDecoder(strings.NewReader(cell))
		decoder.UseNumber()
		var v any
		if decoder.Decode(&v) != nil {
			return kql.Null(kql.Dynamic)
		}
		return kql.NewDynamic(plainNumbers(v))
	default:
		return kql.NewString(cell)
	}
}

func number(cell string) int64 {
	var n uint64
	for i := range 8 {
		n = n<<8 | uint64(cell[i])
	}
	return int64(n)
}

func uvarint(s string) (value, bytes int) {
	for shift := 0; ; shift += 7 {
		b := s[bytes]
		bytes++
		value |= int(b&0x7f) << shift
		if b < 0x80 {
			return value, bytes
		}
	}
}

// plainNumbers makes of json.Number what kql.Value holds: int64 where exact, else float64.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	}
	return v
}

func boolean(value any) (byte, error) {
	switch strings.ToLower(fmt.Sprint(value)) {
	case "true", "1":
		return 1, nil
	case "false", "0":
		return 0, nil
	}
	return 0, fmt.Errorf("%v is no boolean", value)
}

func integer(value any) (int64, error) {
	if f, ok := value.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), nil
	}
	n, err := strconv.ParseInt(fmt.Sprint(value), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%v is no integer", value)
	}
	return n, nil
}

func datetime(value any) (int64, error) {
	switch v := value.(type) {
	case time.Time:
		return kql.Ticks(v), nil
	case string:
		if v == "" {
			return noTime, nil
		}
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return noTime, fmt.Errorf("%q is no time, write it like 2026-11-21T09:30:00.1234567Z", v)
		}
		return kql.Ticks(t), nil
	}
	return noTime, fmt.Errorf("%v is no time", value)
}
