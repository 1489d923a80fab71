package hunting

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// decoded is all that an answer gives.
type decoded struct {
	rows     []byte // as OTLP, so that the order of the keys and the types of the values count
	count    int64
	repaired int64
	schema   []Column
	link     Link
	err      string
	ended    error // io.ErrUnexpectedEOF or errBroke, where the error is one of them
}

var errBroke = errors.New("the connection broke")

// asked is how an answer is read.
type asked struct {
	of       subject
	verbatim bool
}

func (a asked) exchange() exchange {
	return exchange{of: a.of, host: "hunting.example", resp: &http.Response{StatusCode: http.StatusOK, Header: http.Header{}}}
}

func follow(link string) (*url.URL, error) { return url.Parse(link) }

var differentialColumns = []tables.Column{
	{Name: "Timestamp", Type: tables.DateTime},
	{Name: "ReportId", Type: tables.Long},
	{Name: "IsLocalAdmin", Type: tables.Bool},
	{Name: "DeviceId"},
	{Name: "ActionType"},
	{Name: "B", Type: tables.Bool},
	{Name: tables.UserRemoved, Type: tables.Bool},
}

// decodeAll reads an answer by the production's decoder.
func decodeAll(body io.Reader, a asked) decoded {
	r := reply{exchange: a.exchange(), dec: newDecoder(body), follow: follow}
	r.row.keys.init(differentialColumns)
	r.row.verbatim, r.row.nested.types = a.verbatim, a.verbatim
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for {
		record := records.AppendEmpty()
		ok, err := r.step(record.Body().SetEmptyMap())
		if ok {
			r.stats.Rows++
			continue
		}
		records.RemoveIf(func(l plog.LogRecord) bool { return l == record })
		if err != nil || r.state == atEnd {
			r.dec.locate(err)
			return newDecoded(logs, r.stats.Rows, r.row.repaired, r.schema, r.link, err)
		}
	}
}

// decodeByReference reads an answer by the reference. It also reports whether a value was too deep for JSON: the
// reference does not know any more then where it stands.
func decodeByReference(body io.Reader, a asked) (decoded, bool) {
	r := refReply{exchange: a.exchange(), dec: newRefDecoder(body), follow: follow}
	r.row.keys.init(differentialColumns)
	r.row.verbatim, r.row.nested.types = a.verbatim, a.verbatim
	first := r.dec.Decoder
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for {
		record := records.AppendEmpty()
		ok, err := r.step(record.Body().SetEmptyMap())
		if ok {
			r.stats.Rows++
			continue
		}
		records.RemoveIf(func(l plog.LogRecord) bool { return l == record })
		if err != nil || r.state == atEnd {
			return newDecoded(logs, r.stats.Rows, r.row.repaired, r.schema, r.link, err), r.dec.Decoder != first
		}
	}
}

func newDecoded(logs plog.Logs, count, repaired int64, schema []Column, link Link, err error) decoded {
	rows, marshalErr := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	if marshalErr != nil {
		panic(marshalErr)
	}
	d := decoded{rows: rows, count: count, repaired: repaired, schema: schema, link: link}
	if err != nil {
		d.err = within.ReplaceAllString(quoted.ReplaceAllString(err.Error(), "$1 "), "$1 ")
	}
	for _, ended := range []error{io.ErrUnexpectedEOF, errBroke} {
		if errors.Is(err, ended) {
			d.ended = ended
		}
	}
	return d
}

// quoted is what an error quotes of the body, and within where in a row it stands. Both depend on how much was read
// ahead: jsontext takes the names within a nested value from a buffer that may have moved.
var (
	within = regexp.MustCompile(`(within "/[^/"]*(?:/[0-9]+)?)(?:/(?s:.*))?" `)
	quoted = regexp.MustCompile("(invalid (?:escape sequence|character)) (?s:.*?) (?:in|at|after|before|within) ")
)

// pieces gives a body in pieces of random sizes, and then an error.
type pieces struct {
	body string
	size func() int
	err  error
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.body == "" {
		return 0, p.err
	}
	n := copy(b[:min(len(b), max(1, p.size()))], p.body)
	p.body = p.body[n:]
	return n, nil
}

// agree compares what both decoders make of a body.
func agree(tb testing.TB, body string, a asked, r *rand.Rand) {
	tb.Helper()
	ending := io.EOF
	if r.IntN(8) == 0 {
		ending = errBroke
	}
	most := 1 << r.IntN(16)
	agreeOn(tb, body, func() int { return r.IntN(most) }, ending, a)
}

// agreeOn compares what both make of a body that comes in pieces of given sizes.
func agreeOn(tb testing.TB, body string, size func() int, ending error, a asked) {
	tb.Helper()
	got := decodeAll(&pieces{body, size, ending}, a)
	want, deep := decodeByReference(&pieces{body, func() int { return 1 << 20 }, ending}, a)
	if deep {
		// The error says another offset; that there is one must agree.
		got.err, want.err = strconv.FormatBool(got.err != ""), strconv.FormatBool(want.err != "")
	}
	if !bytes.Equal(got.rows, want.rows) || got.count != want.count || got.repaired != want.repaired || got.err != want.err ||
		!errors.Is(got.ended, want.ended) || got.link != want.link {
		tb.Fatalf("%+v: %q:\n got %d rows, %d repaired, %s, error %q\nwant %d rows, %d repaired, %s, error %q", a, body,
			got.count, got.repaired, asJSON(got.rows), got.err, want.count, want.repaired, asJSON(want.rows), want.err)
	}
	assert.Equal(tb, want.schema, got.schema)
}

func asJSON(rows []byte) string {
	logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(rows)
	if err != nil {
		return err.Error()
	}
	text, _ := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	return string(text)
}

// samples are rows of the tables and alerts, as they stand in testdata.
func samples(tb testing.TB) []string {
	tb.Helper()
	var all []string
	files, err := filepath.Glob("../../testdata/golden/*.in.ndjson")
	require.NoError(tb, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(tb, err)
		for line := range strings.Lines(string(text)) {
			var wrapped struct {
				Row json.RawMessage `json:"row"`
			}
			require.NoError(tb, json.Unmarshal([]byte(line), &wrapped))
			if wrapped.Row == nil {
				wrapped.Row = json.RawMessage(strings.TrimSpace(line))
			}
			all = append(all, string(wrapped.Row))
		}
	}
	require.NotEmpty(tb, all)
	return append(all, oddRows()...)
}

func oddRows() []string {
	return []string{
		`{}`, ` { } `, `{"A":null,"B":{},"C":{ },"D":[ ],"E":[1,-2.5e+3,true,false,null,"x",{"y":[{}]}]}`,
		`{"A":9223372036854775807,"B":-9223372036854775808,"C":9223372036854775808,"D":1e999,"E":-0,"F":0.5,"G":123456789012345678}`,
		`{"A":"C:\\Windows\\\"x\"\/\b\f\n\r\t\u00e9\ud83d\ude00é😀","B":"1","B":null,"a":1,"A":2,"\u0041":3}`,
		"{\"A\":\"\xff\",\"B\xff\":\"\\ud800\",\"C\":[\"\\udc00\xe2\x82\"]}",
		`{"A@odata.type":"#Int64","A":{"@odata.type":"x","v":1},"@odata.id":{"x":[1]},"@removed":{"reason":"deleted"}}`,
		`{"B":"true","IsLocalAdmin":0,"deviceId":"d","B":1.0,"IsLocalAdmin":" False "}`,
		`{"A":` + strings.Repeat("[", maxNesting) + strings.Repeat("]", maxNesting) + `,"B":` + strings.Repeat(`{"a":`, maxNesting+1) + `1` + strings.Repeat("}", maxNesting+1) + `}`,
	}
}

// fragments are what a mutation puts in.
var fragments = []string{
	`"`, `\`, `\\`, `\"`, `\u`, `\u00`, `\u0041`, `\ud83d`, `\ud83d\ude00`, `\ude00`, `\uD800\u0041`, `\q`, `{`, `}`, `[`, `]`, `{}`, `[]`, `,`, `:`,
	" ", "\n", "\t", "\r\n", "\x00", "\x1f", "\x7f", "\xff", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "é", "\u2028", "😀",
	`null`, `true`, `false`, `nul`, `True`, `NaN`, `0`, `-`, `-0`, `00`, `1.`, `.5`, `1e`, `1E+5`, `-1.5e-7`, `9223372036854775808`, `12345678901234567890123`,
	`"A":1,`, `,"A":null`, `"B":"1",`, `,"ReportId":{}`, `"@odata.type":"x",`, `"@removed":{},`, `},{`, `}]}`, `]`, `],"error":{"code":"x"}`, `//`,
	`[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]`, `[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]`,
}

// mutated makes a body of rows, mostly with faults.
func mutated(r *rand.Rand, rows []string, a asked) string {
	var b strings.Builder
	list := `"results"`
	if a.of != hunted {
		list = `"value"`
	}
	b.WriteString(`{"schema":[{"name":"X","type":"SByte"}],` + list + `:[`)
	for i := range r.IntN(4) {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(mutatedRow(r, rows[r.IntN(len(rows))]))
	}
	b.WriteString([]string{`]}`, `],"more":[1,{"a":"b"}],"stats":{}}`, "]\n}\n", `],"error":null}`, `],"@odata.deltaLink":"x"}`}[r.IntN(5)])
	if r.IntN(4) > 0 {
		return b.String()
	}
	return mutatedRow(r, b.String())
}

func mutatedRow(r *rand.Rand, row string) string {
	b := []byte(row)
	if len(b) > 300 && r.IntN(4) > 0 {
		// A short row is as good for most faults, and faster: it keeps its beginning, or its end.
		if cut := bytes.LastIndex(b[:50+r.IntN(250)], []byte(`,"`)); cut > 0 && b[cut-1] != '\\' {
			b = append(bytes.Clone(b[:cut]), '}')
		}
	}
	for range r.IntN(4) {
		at := r.IntN(len(b) + 1)
		to := min(len(b), at+r.IntN(1+r.IntN(12)))
		var with []byte
		switch r.IntN(6) {
		case 0:
			with = []byte{byte(r.Uint32())}
		case 1: // only cut
		case 2:
			from := r.IntN(len(b) + 1)
			with = b[from:min(len(b), from+r.IntN(40))]
		default:
			with = []byte(fragments[r.IntN(len(fragments))])
			if r.IntN(2) == 0 {
				to = at
			}
		}
		b = append(append(append([]byte(nil), b[:at]...), with...), b[to:]...)
	}
	return string(b)
}

func askedBy(r *rand.Rand) asked {
	return []asked{{}, {}, {}, {}, {of: users}, {of: listed(AlertsV2), verbatim: true}}[r.IntN(6)]
}

// Each form of a value, and each fault in one, wherever the body is cut in two.
func TestScannerAgreesOnValues(t *testing.T) {
	values := append([]string{
		`01`, `-01`, `1.e5`, `1.x`, `1e`, `1e+`, `-x`, `+1`, `.`, `0x1`, `1 2`, `12345678`, `123456789012345678`, `1234567890123456789`, `-9223372036854775809`,
		`[1}`, `{"a":1]`, `{"a"}`, `{"a" 1}`, `{"a":}`, `{1:1}`, `{,}`, `[,]`, `[1,]`, `{"a":1,}`, `[1 1]`, `{"a":1 "b":2}`, `[tru]`, `[nulll]`, `[01]`, `[1.]`,
		"\"\x1f\"", "\"1234567\x1f\"", "\"12345678\x1f\"", "\"\x7f\u0080\"", "[\"\x1f\"]", "\"12345678\x80\"", `"\ud83d"`, `"\ud83d\n"`, `"\ud83d\u0041"`, `"\u00g0"`, `"\u00G0"`,
		`"\u002f\u00E9\ud83d\ude00"`, "[\"\\q\"]", "[\"\\u12\"]", "[\"\\ud800\xff\"]", `{"\u0041\q":1}`, `"\\\\"`, `"C:\\Windows\\"`, `" "`, " 1 ", "\n[ 1 , 2 ]\t",
	}, fragments...)
	for _, value := range values {
		for _, around := range [][2]string{
			{`{"results":[{"A":`, `}]}`}, {`{"results":[{"A":1},{"B":"x","A":`, `,"B":1}]}`}, {`{"results":[{"C":[0,`, `]},{}]}`},
		} {
			body := around[0] + value + around[1]
			for cut := len(around[0]) - 1; cut < len(around[0]+value)+2; cut++ {
				first := true
				agreeOn(t, body, func() int {
					if first {
						first = false
						return cut
					}
					return len(body)
				}, io.EOF, asked{})
			}
		}
	}
}

// TestScannerAgreesWithReference compares mutated rows. DIFFERENTIAL_INPUTS asks for more of them, DIFFERENTIAL_SEED for others.
func TestScannerAgreesWithReference(t *testing.T) {
	inputs, err := strconv.Atoi(os.Getenv("DIFFERENTIAL_INPUTS"))
	if err != nil {
		inputs = 1_000
	}
	seed, _ := strconv.ParseUint(os.Getenv("DIFFERENTIAL_SEED"), 10, 64)
	r := rand.New(rand.NewPCG(seed, 1))
	rows := samples(t)
	for range inputs {
		a := askedBy(r)
		agree(t, mutated(r, rows, a), a, r)
	}
}

// FuzzScanner compares whatever the fuzzer thinks of.
func FuzzScanner(f *testing.F) {
	for i, row := range samples(f) {
		f.Add(`{"results":[`+row+`,`+row+`]}`, uint64(i), false)
		f.Add(`{"value":[`+row+`,`+row+`],"@odata.deltaLink":"x"}`, uint64(i), true)
	}
	deep := strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)
	f.Add(`{"results":[{"A":1},{"A":`+deep+`,"B":1},{"B":2}]}`, uint64(0), false)
	f.Fuzz(func(t *testing.T, body string, seed uint64, list bool) {
		a := asked{}
		if list {
			a = asked{of: listed(AlertsV2), verbatim: true}
		}
		agree(t, body, a, rand.New(rand.NewPCG(seed, 2)))
	})
}
