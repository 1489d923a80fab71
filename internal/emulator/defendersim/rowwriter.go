package defendersim

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// jsonColumns are the columns of text that holds JSON, of whatever table.
var jsonColumns = func() map[string]bool {
	names := map[string]bool{}
	for _, s := range tables.Schemas() {
		for _, c := range s.Columns {
			if c.Type == tables.JSON {
				names[c.Name] = true
			}
		}
	}
	return names
}()

// poisonSuffix is invalid in UTF-8, and a JSON string that ends in half of a surrogate pair.
const poisonSuffix = "\xff\xfe\\ud83d"

// rowWriter writes rows as JSON objects. It uses no reflection: a full page has millions of values.
type rowWriter struct {
	quirks  Quirks
	columns []wireColumn
	key     rowKey
	poison  bool // the next row with a command line is poisoned
}

type wireColumn struct {
	prefix      string // what stands before the value: the annotation, the name and the colon
	json        bool
	commandLine bool
}

func newRowWriter(columns []engine.Column, quirks Quirks, annotate bool) *rowWriter {
	w := &rowWriter{quirks: quirks, key: newRowKey(columns)}
	for i, c := range columns {
		var prefix []byte
		if i > 0 {
			prefix = append(prefix, ',')
		}
		if annotate && c.Type == value.Long {
			prefix = append(appendString(prefix, c.Name+"@odata.type"), `:"#Int64",`...)
		}
		prefix = append(appendString(prefix, c.Name), ':')
		w.columns = append(w.columns, wireColumn{
			prefix:      string(prefix),
			json:        c.Type == value.String && jsonColumns[c.Name],
			commandLine: c.Type == value.String && strings.HasSuffix(c.Name, "CommandLine"),
		})
	}
	return w
}

// append writes row and returns the number that identifies it.
func (w *rowWriter) append(buf []byte, row []value.Value) (out []byte, identity uint64) {
	identity = w.key.hash(row)
	poison := w.poison || w.quirks.Poison && identity%500 == 0
	buf = append(buf, '{')
	for i := range row {
		column, value := &w.columns[i], &row[i]
		buf = append(buf, column.prefix...)
		switch {
		case column.json && w.quirks.MixedJSON:
			buf = appendMixedJSON(buf, value.Text(), identity)
		case poison && column.commandLine && value.Text() != "":
			buf = appendString(buf, value.Text())
			buf = append(append(buf[:len(buf)-1], poisonSuffix...), '"')
			poison, w.poison = false, false
		default:
			buf = w.appendValue(buf, value, identity)
		}
	}
	return append(buf, '}'), identity
}

func (w *rowWriter) appendValue(buf []byte, v *value.Value, identity uint64) []byte {
	if v.IsNull() {
		if w.quirks.EmptyObjectNulls && identity&4 != 0 && (v.Type() == value.DateTime || v.Type() == value.Dynamic) {
			return append(buf, "{}"...)
		}
		return append(buf, "null"...)
	}
	switch v.Type() {
	case value.Bool:
		return w.appendBool(buf, v.Bool(), identity)
	case value.Int, value.Long:
		return strconv.AppendInt(buf, v.Int(), 10)
	case value.Real:
		return appendReal(buf, v.Real())
	case value.DateTime:
		return append(w.appendDateTime(append(buf, '"'), v.Ticks()), '"')
	case value.TimeSpan:
		return append(appendTimeSpan(append(buf, '"'), v.Ticks()), '"')
	case value.Dynamic:
		return appendDynamic(buf, v.Object())
	default:
		return appendString(buf, v.Text())
	}
}

func (w *rowWriter) appendBool(buf []byte, b bool, identity uint64) []byte {
	forms := [4][2]string{{"false", "true"}, {"0", "1"}, {`"0"`, `"1"`}, {`"false"`, `"true"`}}
	form := 0
	if w.quirks.MixedBooleans {
		form = int(identity & 3)
	}
	if b {
		return append(buf, forms[form][1]...)
	}
	return append(buf, forms[form][0]...)
}

func (w *rowWriter) appendDateTime(buf []byte, ticks int64) []byte {
	layout := "2006-01-02T15:04:05.0000000Z"
	if w.quirks.TrimmedTimestamps {
		layout = "2006-01-02T15:04:05.9999999Z"
	}
	return value.Time(ticks).AppendFormat(buf, layout)
}

func appendMixedJSON(buf []byte, text string, identity uint64) []byte {
	switch {
	case text == "" && identity&8 != 0:
		return append(buf, "null"...)
	case identity&0x30 == 0 && (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) && json.Valid([]byte(text)):
		return append(buf, text...)
	}
	return appendString(buf, text)
}

func appendReal(buf []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendString(buf, strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "Inf", "Infinity", 1))
	}
	return strconv.AppendFloat(buf, f, 'g', -1, 64)
}

// appendTimeSpan writes .NET's [-][d.]hh:mm:ss[.fffffff].
func appendTimeSpan(buf []byte, ticks int64) []byte {
	n := uint64(ticks)
	if ticks < 0 {
		buf, n = append(buf, '-'), -n
	}
	const second = 10_000_000
	if days := n / (86400 * second); days > 0 {
		buf = append(strconv.AppendUint(buf, days, 10), '.')
	}
	for i, part := range [3]uint64{n / (3600 * second) % 24, n / (60 * second) % 60, n / second % 60} {
		if i > 0 {
			buf = append(buf, ':')
		}
		buf = append(buf, byte('0'+part/10), byte('0'+part%10))
	}
	if fraction := n % second; fraction > 0 {
		buf = append(buf, '.')
		buf = append(buf, strconv.FormatUint(second+fraction, 10)[1:]...)
	}
	return buf
}

func appendDynamic(buf []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(buf, v)
	case int64:
		return strconv.AppendInt(buf, v, 10)
	case float64:
		return appendReal(buf, v)
	case bool:
		return strconv.AppendBool(buf, v)
	}
	// What is left is a list or an object, which are rare and small.
	encoded, err := marshalJSON(v)
	if err != nil {
		return append(buf, "null"...)
	}
	return append(buf, encoded...)
}

const hexDigits = "0123456789abcdef"

// appendString quotes s. Bytes that are no UTF-8 are left as they are, since what a process was
// started with is not the emulator's to repair; half a surrogate pair is written as its escape.
func appendString(buf []byte, s string) []byte {
	buf = append(buf, '"')
	plain := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0xed {
			continue
		}
		if c == 0xed {
			if i+2 < len(s) && s[i+1] >= 0xa0 && s[i+1] <= 0xbf && s[i+2]&0xc0 == 0x80 {
				unit := 0xd000 | int(s[i+1]&0x3f)<<6 | int(s[i+2]&0x3f)
				buf = append(append(buf, s[plain:i]...), `\u`...)
				buf = append(buf, hexDigits[unit>>12], hexDigits[unit>>8&15], hexDigits[unit>>4&15], hexDigits[unit&15])
				i += 2
				plain = i + 1
			}
			continue
		}
		buf = append(buf, s[plain:i]...)
		switch c {
		case '"', '\\':
			buf = append(buf, '\\', c)
		case '\n':
			buf = append(buf, '\\', 'n')
		case '\r':
			buf = append(buf, '\\', 'r')
		case '\t':
			buf = append(buf, '\\', 't')
		default:
			buf = append(buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		plain = i + 1
	}
	return append(append(buf, s[plain:]...), '"')
}
