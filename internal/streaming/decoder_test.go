package streaming

import (
	"encoding/json"
	"errors"
	"io"
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

// Whatever comes, the decoder ends, and a record on a line of its own behind it is read.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{`{"records":[` + record(1), `[1,{`, `{"a":"\`, "]", `{"records":[{}],x}`, record(1)[:60], "\ufeff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		d := NewDecoder(strings.NewReader(string(input) + "\n"))
		for range len(input) + 2 {
			if _, err := d.Next(); errors.Is(err, io.EOF) && !isRecordError(err) {
				assert.LessOrEqual(t, d.Offset(), int64(len(input)+1))
				return
			}
		}
		t.Fatal("the decoder does not end")
	})
}

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
