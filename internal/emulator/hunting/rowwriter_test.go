package hunting

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

var at = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func TestRowsAsJSON(t *testing.T) {
	columns := []engine.Column{
		{Name: "S", Type: value.String},
		{Name: "B", Type: value.Bool},
		{Name: "I", Type: value.Int},
		{Name: "L", Type: value.Long},
		{Name: "R", Type: value.Real},
		{Name: "N", Type: value.Real},
		{Name: "D", Type: value.DateTime},
		{Name: "T", Type: value.TimeSpan},
		{Name: "O", Type: value.Dynamic},
		{Name: "Z", Type: value.DateTime},
	}
	row := []value.Value{
		value.NewString("a\"\\\n\r\t\x01é"), value.NewBool(true), value.NewInt(-7), value.NewLong(math.MaxInt64),
		value.NewReal(1.5), value.NewReal(math.Inf(-1)), value.NewDateTime(value.Ticks(at) + 10), value.NewTimeSpan(-(26*3600*1e7 + 61*1e7 + 5)),
		value.NewDynamic(map[string]any{"k": []any{int64(1), "x", nil}}), value.Null(value.DateTime),
	}
	plain, _ := newRowWriter(columns, Quirks{}, false).append(nil, row)
	assert.Equal(t, `{"S":"a\"\\\n\r\t\u0001é","B":true,"I":-7,"L":9223372036854775807,"R":1.5,"N":"-Infinity",`+
		`"D":"2026-03-15T12:00:00.0000010Z","T":"-1.02:01:01.0000005","O":{"k":[1,"x",null]},"Z":null}`, string(plain))
	quirky, _ := newRowWriter(columns, Quirks{TrimmedTimestamps: true}, true).append(nil, row)
	assert.Contains(t, string(quirky), `"L@odata.type":"#Int64","L":9223372036854775807,`)
	assert.NotContains(t, string(quirky), `I@odata`)
	assert.Contains(t, string(quirky), `"D":"2026-03-15T12:00:00.000001Z"`)
}

func TestMixedFormsDependOnTheRowAlone(t *testing.T) {
	columns := []engine.Column{
		{Name: "Timestamp", Type: value.DateTime},
		{Name: "IsLocalAdmin", Type: value.Bool},
		{Name: "AdditionalFields", Type: value.String},
		{Name: "Created", Type: value.DateTime},
		{Name: "Tags", Type: value.Dynamic},
		{Name: "LoggedOnUsers", Type: value.String},
	}
	forms, plain := map[string]map[string]bool{}, map[string]bool{}
	for i := range int64(400) {
		row := []value.Value{
			value.NewDateTime(i), value.NewBool(true), value.NewString(`{"a":1}`), value.Null(value.DateTime), value.Null(value.Dynamic), value.NewString(""),
		}
		text, _ := newRowWriter(columns, DefaultQuirks(), true).append(nil, row)
		again, _ := newRowWriter(columns, DefaultQuirks(), true).append(nil, row)
		require.Equal(t, string(text), string(again))
		unquirky, _ := newRowWriter(columns, Quirks{}, true).append(nil, row)
		_, rest, _ := strings.Cut(string(unquirky), ",")
		plain[rest] = true
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &fields))
		for name, form := range fields {
			if forms[name] == nil {
				forms[name] = map[string]bool{}
			}
			forms[name][string(form)] = true
		}
	}
	assert.Len(t, plain, 1, "without quirks there is one form")
	assert.Equal(t, map[string]bool{"true": true, "1": true, `"1"`: true, `"true"`: true}, forms["IsLocalAdmin"])
	assert.Equal(t, map[string]bool{`{"a":1}`: true, `"{\"a\":1}"`: true}, forms["AdditionalFields"])
	assert.Equal(t, map[string]bool{"null": true, "{}": true}, forms["Created"])
	assert.Equal(t, map[string]bool{"null": true, "{}": true}, forms["Tags"])
	assert.Equal(t, map[string]bool{"null": true, `""`: true}, forms["LoggedOnUsers"])
}

func TestParseQuirks(t *testing.T) {
	q, err := ParseQuirks("default,-mixed-json,poison")
	require.NoError(t, err)
	want := DefaultQuirks()
	want.MixedJSON, want.Poison = false, true
	assert.Equal(t, want, q)
	q, err = ParseQuirks("none")
	require.NoError(t, err)
	assert.Equal(t, Quirks{}, q)
	_, err = ParseQuirks("odd")
	assert.ErrorContains(t, err, "int64-annotations")
}

// BenchmarkRowWriter writes rows of 25 columns, as many as a full page has.
func BenchmarkRowWriter(b *testing.B) {
	var columns []engine.Column
	var row []value.Value
	for i := range 18 {
		columns = append(columns, engine.Column{Name: fmt.Sprintf("InitiatingProcessColumn%d", i), Type: value.String})
		row = append(row, value.NewString(`C:\Program Files\Vendor\product.exe --flag`))
	}
	for i := range 5 {
		columns = append(columns, engine.Column{Name: fmt.Sprintf("Id%d", i), Type: value.Long})
		row = append(row, value.NewLong(123456789))
	}
	columns = append(columns, engine.Column{Name: "Timestamp", Type: value.DateTime}, engine.Column{Name: "IsLocalAdmin", Type: value.Bool})
	row = append(row, value.NewDateTime(value.Ticks(at)), value.NewBool(true))
	w := newRowWriter(columns, DefaultQuirks(), true)
	var buf []byte
	for b.Loop() {
		buf, _ = w.append(buf[:0], row)
	}
	b.SetBytes(int64(len(buf)))
}
