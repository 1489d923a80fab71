package streaming

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func record(n int) string {
	return `{"time":"2026-03-15T09:01:00Z","tenantId":"t","category":"AdvancedHunting-DeviceEvents","properties":{"ReportId":` + strconv.Itoa(n) + `,"note":"]},{[\\\"\\"}}`
}

// indented is a record over many lines.
func indented(t *testing.T, n int) string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(record(n)), &v))
	text, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return string(text)
}

// readAll returns the ReportIds of the rows, and the numbers of the records that could not be read.
func readAll(t *testing.T, r io.Reader) (rows, bad []int64) {
	t.Helper()
	d := NewDecoder(r)
	for {
		row, err := d.Next()
		if errors.Is(err, io.EOF) && !isRecordError(err) {
			_, again := d.Next()
			require.Equal(t, io.EOF, again)
			return rows, bad
		}
		if err != nil {
			var one *RecordError
			require.ErrorAs(t, err, &one)
			bad = append(bad, one.Number)
			continue
		}
		v, ok := row.Columns.Get("ReportId")
		require.True(t, ok)
		rows = append(rows, v.Int())
	}
}

func isRecordError(err error) bool {
	var one *RecordError
	return errors.As(err, &one)
}

func TestDecoder(t *testing.T) {
	r := record
	for name, c := range map[string]struct {
		input     string
		rows, bad []int64
	}{
		"nothing":                         {"", nil, nil},
		"blanks":                          {" \n\r\n\t", nil, nil},
		"one":                             {r(1), []int64{1}, nil},
		"lines":                           {r(1) + "\n" + r(2) + "\r\n\n" + r(3) + "\n", []int64{1, 2, 3}, nil},
		"no line breaks":                  {r(1) + r(2), []int64{1, 2}, nil},
		"indented":                        {indented(t, 1) + indented(t, 2), []int64{1, 2}, nil},
		"records":                         {`{"records":[` + r(1) + `,` + r(2) + `]}`, []int64{1, 2}, nil},
		"records in another case":         {` { "Records" : [ ` + r(1) + ` ] } `, []int64{1}, nil},
		"no records":                      {`{"records":[]}`, nil, nil},
		"records between other members":   {`{"count":2,"records":[` + r(1) + `,` + r(2) + `],"more":{"a":[1]}}` + r(3), []int64{1, 2, 3}, nil},
		"a list":                          {`[` + r(1) + `,` + r(2) + `]`, []int64{1, 2}, nil},
		"a mix":                           {"\ufeff[" + r(1) + "]\n{\"records\":[" + r(2) + "]}\n" + r(3), []int64{1, 2, 3}, nil},
		"a line that is no JSON":          {r(1) + "\nnonsense\n" + r(2), []int64{1, 2}, []int64{2}},
		"a line that is cut off":          {r(1) + "\n" + r(2)[:90] + "\n" + r(3) + "\n" + r(4), []int64{1, 3, 4}, []int64{2}},
		"a line cut off behind a comma":   {"{\"a\":1,\n" + r(2) + "\n" + r(3), []int64{2, 3}, []int64{1}},
		"a line cut off behind a colon":   {"{\"a\":\n" + r(2) + "\n" + r(3), []int64{2, 3}, []int64{1}},
		"the last line cut off":           {r(1) + "\n" + r(2)[:90], []int64{1}, []int64{2}},
		"a literal that is none":          {`[` + r(1) + `,{"category":tru,"x":"]"},` + r(3) + `]`, []int64{1, 3}, []int64{2}},
		"no JSON in records":              {`{"records":[{"a":nil},` + r(2) + `,x,` + r(4) + `]}` + r(5), []int64{2, 4, 5}, []int64{1, 3}},
		"records cut off":                 {`{"records":[` + r(1) + `,` + r(2)[:80], []int64{1}, []int64{2}},
		"records not closed":              {`{"records":[` + r(1), []int64{1}, []int64{2}},
		"no object":                       {`[1,null,` + r(3) + `,"x",[` + r(5) + `]]`, []int64{3}, []int64{1, 2, 4, 5}},
		"no envelope":                     {`{"a":1}` + "\n" + r(2), []int64{2}, []int64{1}},
		"another category":                {`{"category":"AuditLogs","properties":{}}` + r(2), []int64{2}, []int64{1}},
		"no table":                        {`{"category":"AdvancedHunting-","properties":{}}` + r(2), []int64{2}, []int64{1}},
		"no properties":                   {`{"category":"AdvancedHunting-DeviceEvents"}` + r(2), []int64{2}, []int64{1}},
		"properties that are a number":    {`{"category":"AdvancedHunting-DeviceEvents","properties":1}` + r(2), []int64{2}, []int64{1}},
		"properties that are broken text": {`{"category":"AdvancedHunting-DeviceEvents","properties":"{"}` + r(2), []int64{2}, []int64{1}},
		"a bracket too many":              {r(1) + "}\n" + r(2), []int64{1, 2}, []int64{2}},
		"a comma too many":                {`[` + r(1) + `,]` + r(2), []int64{1, 2}, []int64{2}},
		"broken behind records":           {`{"records":[` + r(1) + `],"x":tru}` + r(2), []int64{1, 2}, []int64{1}},
		"records in records":              {`{"records":[{"records":[` + r(1) + `]},` + r(2) + `]}`, []int64{2}, []int64{1}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, bad := readAll(t, strings.NewReader(c.input))
			assert.Equal(t, c.rows, rows)
			assert.Equal(t, c.bad, bad)
			rows, bad = readAll(t, iotest.OneByteReader(strings.NewReader(c.input)))
			assert.Equal(t, c.rows, rows, "byte by byte")
			assert.Equal(t, c.bad, bad, "byte by byte")
		})
	}
}

func TestErrorsSayWhere(t *testing.T) {
	d := NewDecoder(strings.NewReader("\ufeff" + record(1) + "\n {\"category\":\"x\",\"properties\":{}}\n" + record(3) + "\n"))
	_, err := d.Next()
	require.NoError(t, err)
	first := int64(len("\ufeff" + record(1)))
	assert.Equal(t, first, d.Offset())
	_, err = d.Next()
	require.EqualError(t, err, "reading record 2, at byte "+strconv.FormatInt(first+2, 10)+
		`: its category "x" is not of the Streaming API: they begin with AdvancedHunting-`)
	_, err = d.Next()
	require.NoError(t, err)
}

func TestReaderThatFails(t *testing.T) {
	d := NewDecoder(io.MultiReader(strings.NewReader(record(1)+"\n"+record(2)[:50]), iotest.ErrReader(errors.New("connection reset"))))
	_, err := d.Next()
	require.NoError(t, err)
	for range 2 {
		_, err = d.Next()
		require.ErrorContains(t, err, "reading record 2: connection reset")
		assert.False(t, isRecordError(err), "it is not the record's fault")
	}
}

func TestRecordThatIsTooLarge(t *testing.T) {
	const limit = 1 << 20
	large := `{"a":"` + strings.Repeat("x", 3*limit) + `"}`
	for _, input := range []string{record(1) + "\n" + large + "\n" + record(3), `[` + record(1) + `,` + large + `,` + record(3) + `]`} {
		d := NewDecoder(strings.NewReader(input))
		require.Equal(t, MaxRecordBytes, d.in.limit)
		d.in.limit = limit
		_, err := d.Next()
		require.NoError(t, err)
		_, err = d.Next()
		require.ErrorIs(t, err, errTooLarge)
		row, err := d.Next()
		require.NoError(t, err)
		assert.Equal(t, "DeviceEvents", row.Table)
	}
}

// Memory holds one record, however long the input is.
func TestMemoryHoldsOneRecord(t *testing.T) {
	const records = 30_000
	line := record(7) + "\n"
	d := NewDecoder(io.LimitReader(&endless{text: line}, records*int64(len(line))))
	n := 0
	for {
		_, err := d.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, records, n)
	assert.Less(t, cap(d.in.kept), 1<<20)
}

type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

// Damage ends at the line: whatever is open at its end, the records on the lines behind it are read.
func TestDamageEndsAtTheLine(t *testing.T) {
	for name, damage := range map[string]string{
		"an open list":                       `["a","b`,
		"an open list behind a comma":        `["a","b",`,
		"an open list of numbers":            `[1,2`,
		"a list just begun":                  `[`,
		"lists just begun":                   `[[[`,
		"an open list with a record":         `[` + record(90) + `,{"a":`,
		"open records":                       `{"records":[`,
		"open records with text":             `{"records":["a`,
		"open records behind a comma":        `{"records":["a",`,
		"open records cut off in a record":   `{"records":[` + record(90)[:90],
		"open records in a list":             `[{"records":[`,
		"records in records":                 `{"records":[{"records":[`,
		"behind records":                     `{"records":[]`,
		"behind records and a comma":         `{"records":[],`,
		"a member behind records":            `{"records":[],"more":`,
		"an open member behind records":      `{"records":[],"more":{"a":[`,
		"an open object":                     `{`,
		"an object cut off behind a name":    `{"time"`,
		"an object cut off behind a colon":   `{"time":`,
		"an object cut off in a string":      `{"time":"2026`,
		"an object cut off in an escape":     `{"time":"2026\`,
		"an object cut off behind a comma":   `{"time":"2026",`,
		"nested":                             `{"properties":{"a":[{"b":["c`,
		"nested lists":                       `{"properties":{"a":[[[[`,
		"an open string":                     `"abc`,
		"a quote too many":                   `{"a":"b""}`,
		"a closed list":                      `]`,
		"a closed object":                    `}`,
		"many closers":                       `]}]}`,
		"a comma":                            `,`,
		"a colon":                            `:`,
		"a literal cut off":                  `tru`,
		"a number cut off":                   `-`,
		"binary":                             "\x00\x1f\xff\xfe",
		"half a mark of byte order":          "\xef\xbb",
		"text that is not JSON":              `it's "no" JSON: {`,
		"a record cut off, and the next one": record(90)[:70] + `{"records":[`,
	} {
		for ending, lineBreak := range map[string]string{"LF": "\n", "CRLF": "\r\n", "blank lines": "\n\n \n"} {
			for form, good := range map[string][]string{
				"records":            {record(1), record(2), record(3)},
				"indented lines":     {"  " + record(1), "\t" + record(2), " " + record(3)},
				"lines with commas":  {record(1) + ",", record(2) + ",", record(3)},
				"messages":           {`{"records":[` + record(1) + `]}`, `{"records":[` + record(2) + `,` + record(3) + `]}`},
				"lists":              {`[` + record(1) + `,` + record(2) + `]`, `[` + record(3) + `]`},
				"a mark, then lines": {"\ufeff" + record(1), record(2), record(3)},
				"over many lines":    {indented(t, 1), indented(t, 2), indented(t, 3)},
			} {
				t.Run(name+"/"+ending+"/"+form, func(t *testing.T) {
					text := damage + lineBreak + strings.Join(good, lineBreak) + lineBreak
					for _, input := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
						rows, bad := readAll(t, input)
						rows = slices.DeleteFunc(rows, func(n int64) bool { return n == 90 })
						assert.Equal(t, []int64{1, 2, 3}, rows)
						assert.LessOrEqual(t, len(bad), 5, "the damage is told a few times at most")
					}
				})
			}
		}
	}
}

// Damage amid good lines costs none of them, and what spans lines is read as one where it is whole.
func TestWholeJSONMaySpanLines(t *testing.T) {
	for name, c := range map[string]struct {
		input     string
		rows, bad []int64
	}{
		"indented, one behind the other":          {indented(t, 1) + "\n" + indented(t, 2) + "\n", []int64{1, 2}, nil},
		"indented in a list":                      {"[\n" + indented(t, 1) + ",\n" + indented(t, 2) + "\n]\n" + record(3), []int64{1, 2, 3}, nil},
		"indented in records":                     {"{\n\"records\": [\n" + indented(t, 1) + ",\n" + indented(t, 2) + "\n]\n}", []int64{1, 2}, nil},
		"a list with a record on each line":       {"[\n" + record(1) + ",\n" + record(2) + "\n]", []int64{1, 2}, nil},
		"a list of messages":                      {`[{"records":[` + record(1) + `]},{"records":[` + record(2) + `],"n":1}]` + record(3), []int64{1, 2, 3}, nil},
		"commas between records":                  {record(1) + "," + record(2) + ",\n" + record(3) + ",", []int64{1, 2, 3}, nil},
		"files one behind the other":              {"\ufeff" + record(1) + "\n\ufeff" + record(2) + "\n", []int64{1, 2}, nil},
		"a bad record in a list of lines":         {"[\n" + record(1) + ",\n{\"a\":\"b,\n" + record(3) + ",\n" + record(4) + "\n]", []int64{1, 3, 4}, []int64{2, 5}},
		"a bad record that is indented":           {"{\n \"a\": nil,\n \"b\": {\n }\n}\n" + record(2), []int64{2}, []int64{1}},
		"a bad record, the next ones indented":    {"{\"a\":[\n" + indented(t, 2) + "\n" + indented(t, 3), []int64{2, 3}, []int64{1}},
		"a comma missing in a list":               {"[" + record(1) + record(2) + "]\n" + record(3), []int64{1, 2, 3}, []int64{2, 4}},
		"damage between messages":                 {`{"records":[` + record(1) + "]}\n[\"a\n" + `{"records":[` + record(3) + "]}", []int64{1, 3}, []int64{2}},
		"damage within damage":                    {"[\"a\n[\"b\n{\"c\":\n" + record(4), []int64{4}, []int64{1, 2, 3}},
		"a record that ends in the line's middle": {`{"a":"b` + "\n" + `c"} ` + record(9) + "\n" + record(2), []int64{2}, []int64{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, bad := readAll(t, strings.NewReader(c.input))
			assert.Equal(t, c.rows, rows)
			assert.Equal(t, c.bad, bad)
		})
	}
}

// The text of what could not be read is told, and overlaps no record that was read.
func TestDamageSaysWhereItEnds(t *testing.T) {
	text := "{\"records\":[\n" + record(1) + "\n" + record(2) + "\n[\"a\",\"b\n" + record(4) + "\n{\"c\":"
	d := NewDecoder(strings.NewReader(text))
	var damaged []string
	for {
		_, err := d.Next()
		if bad, ok := errors.AsType[*RecordError](err); ok {
			damaged = append(damaged, strings.TrimSpace(text[bad.Offset:bad.End]))
		} else if err != nil {
			break
		}
	}
	assert.Equal(t, []string{`{"records":[`, `"a"`, `"b`, `{"c":`}, damaged)
}

// Much damage costs no more than its length.
func TestMuchDamage(t *testing.T) {
	const lines = 20_000
	rows, bad := readAll(t, strings.NewReader(strings.Repeat("[\"a\n", lines)+record(1)))
	assert.Equal(t, []int64{1}, rows)
	assert.Len(t, bad, lines)
}

// Whatever comes, the decoder ends, what is bad stands in the input, and records on lines of their own behind it are read.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{
		`{"records":[` + record(1), `[1,{`, `{"a":"\`, "]", `{"records":[{}],x}`, record(1)[:60], "\ufeff",
		`["a","b`, `{"records":[`, `{"records":[],"x":`, `[{"records":[`, "[[", "{\n\"a\":[\n", "\xef\xbb", `{"records":[{"records":[`,
	} {
		f.Add([]byte(seed))
	}
	good := "\n" + record(-1) + "\n" + record(-2) + "\n" + record(-3) + "\n"
	f.Fuzz(func(t *testing.T, input []byte) {
		d := NewDecoder(strings.NewReader(string(input) + good))
		length := int64(len(input) + len(good))
		found := map[int64]bool{}
		for range length + 2 {
			row, err := d.Next()
			var bad *RecordError
			switch {
			case errors.As(err, &bad):
				require.LessOrEqual(t, bad.Offset, bad.End)
				require.LessOrEqual(t, bad.End, length)
			case err != nil:
				require.ErrorIs(t, err, io.EOF)
				require.LessOrEqual(t, d.Offset(), length)
				if !opensJSON(string(input)) {
					require.Len(t, found, 3, "rows %v", found)
				}
				return
			default:
				if v, ok := row.Columns.Get("ReportId"); ok && v.Int() < 0 {
					found[v.Int()] = true
				}
			}
		}
		t.Fatal("the decoder does not end")
	})
}

// opensJSON says whether the value of the next line belongs to the input.
func opensJSON(input string) bool { return strings.HasSuffix(strings.TrimRight(input, " \t\r\n"), ":") }

func BenchmarkDecoder(b *testing.B) {
	line := strings.ReplaceAll(envelopeText, "\n", "") + "\n"
	d := NewDecoder(&endless{text: line})
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
