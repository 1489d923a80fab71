package hunting

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/rows"
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
	key     rows.Identity
	poison  bool // the next row with a command line is poisoned
}

type wireColumn struct {
	prefix      string // what stands before the value: the annotation, the name and the colon
	json        bool
	commandLine bool
}

func newRowWriter(columns []engine.Column, quirks Quirks, annotate bool) *rowWriter {
	w := &rowWriter{quirks: quirks, key: rows.NewIdentity(columns)}
	for i, c := range columns {
		var prefix []byte
		if i > 0 {
			prefix = append(prefix, ',')
		}
		if annotate && c.Type == value.Long {
			prefix = append(rows.AppendString(prefix, c.Name+"@odata.type"), `:"#Int64",`...)
		}
		prefix = append(rows.AppendString(prefix, c.Name), ':')
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
	identity = w.key.Hash(row)
	poison := w.poison || w.quirks.Poison && identity%500 == 0
	buf = append(buf, '{')
	for i := range row {
		column, v := &w.columns[i], &row[i]
		buf = append(buf, column.prefix...)
		switch {
		case column.json && w.quirks.MixedJSON:
			buf = appendMixedJSON(buf, v.Text(), identity)
		case poison && column.commandLine && v.Text() != "":
			buf = rows.AppendString(buf, v.Text())
			buf = append(append(buf[:len(buf)-1], poisonSuffix...), '"')
			poison, w.poison = false, false
		default:
			buf = w.appendValue(buf, v, identity)
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
		return rows.AppendReal(buf, v.Real())
	case value.DateTime:
		return append(w.appendDateTime(append(buf, '"'), v.Ticks()), '"')
	case value.TimeSpan:
		return append(appendTimeSpan(append(buf, '"'), v.Ticks()), '"')
	case value.Dynamic:
		return rows.AppendDynamic(buf, v.Object())
	default:
		return rows.AppendString(buf, v.Text())
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
	return rows.AppendString(buf, text)
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
