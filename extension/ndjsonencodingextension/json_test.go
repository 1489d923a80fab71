package ndjsonencodingextension

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestAppendValue(t *testing.T) {
	for name, tt := range map[string]struct {
		raw  any
		want string
	}{
		"empty":                {nil, `null`},
		"string":               {"plain", `"plain"`},
		"no HTML escaping":     {`<a href="x">&'`, `"<a href=\"x\">&'"`},
		"control characters":   {"a\nb\rc\td\x00\x1b\\", `"a\nb\rc\td\u0000\u001b\\"`},
		"line separators":      {"a\u2028b\u2029c\u0085", "\"a\u2028b\u2029c\u0085\""},
		"beyond the BMP":       {"🔒 日本", `"🔒 日本"`},
		"not UTF-8":            {"a\xffb\xc3", "\"a\ufffdb\ufffd\""},
		"largest integer":      {int64(math.MaxInt64), `9223372036854775807`},
		"smallest integer":     {int64(math.MinInt64), `-9223372036854775808`},
		"beyond 2^53":          {int64(1<<53 + 1), `9007199254740993`},
		"double":               {0.1, `0.1`},
		"whole double":         {1e6, `1000000`},
		"large double":         {1e21, `1e+21`},
		"small double":         {-1.5e-9, `-1.5e-09`},
		"negative zero":        {math.Copysign(0, -1), `-0`},
		"NaN":                  {math.NaN(), `"NaN"`},
		"infinity":             {math.Inf(1), `"Infinity"`},
		"negative infinity":    {math.Inf(-1), `"-Infinity"`},
		"bool":                 {false, `false`},
		"bytes":                {[]byte{0xfb, 0xff, 0x00, 0x01}, `"+/8AAQ=="`},
		"no bytes":             {[]byte{}, `""`},
		"empty map":            {map[string]any{}, `{}`},
		"empty slice":          {[]any{}, `[]`},
		"nested":               {map[string]any{"k": []any{nil, map[string]any{"n": int64(1)}, true}}, `{"k":[null,{"n":1},true]}`},
		"key needs escaping":   {map[string]any{"a\"\n\xff": "x"}, "{\"a\\\"\\n\ufffd\":\"x\"}"},
		"JSON text in a field": {`{"a":1}`, `"{\"a\":1}"`},
	} {
		t.Run(name, func(t *testing.T) {
			v := pcommon.NewValueEmpty()
			require.NoError(t, v.FromRaw(tt.raw))
			assert.Equal(t, tt.want, string(appendValue(nil, v)))
		})
	}
}

func TestKeysKeepTheirOrder(t *testing.T) {
	v := pcommon.NewValueMap()
	for _, key := range []string{"event_id", "b", "a", "Z", "payload"} {
		v.Map().PutInt(key, 1)
	}
	assert.Equal(t, `{"event_id":1,"b":1,"a":1,"Z":1,"payload":1}`, string(appendValue(nil, v)))
}

// FuzzAppendValue checks the text against encoding/json: it must read back as the value that went in.
func FuzzAppendValue(f *testing.F) {
	f.Add("user", "C:\\Windows\\<x>\n\x00\u2028", int64(math.MinInt64), 1e-7, true, []byte{1, 2})
	f.Add("\xff", "\xed\xa0\x80", int64(1<<53+1), math.MaxFloat64, false, []byte(nil))
	f.Fuzz(func(t *testing.T, key, s string, i int64, d float64, b bool, raw []byte) {
		if math.IsNaN(d) || math.IsInf(d, 0) {
			d = 0
		}
		v := pcommon.NewValueMap()
		v.Map().PutInt("int", i)
		list := v.Map().PutEmptySlice("list")
		list.AppendEmpty().SetStr(s)
		list.AppendEmpty().SetDouble(d)
		list.AppendEmpty().SetBool(b)
		list.AppendEmpty().SetEmptyBytes().FromRaw(raw)
		list.AppendEmpty().SetEmptyMap().PutStr(key, s)

		text := appendValue(nil, v)
		require.NotContains(t, string(text), "\n")
		require.True(t, utf8.Valid(text))

		var got struct {
			Int  int64             `json:"int"`
			List []json.RawMessage `json:"list"`
		}
		require.NoError(t, json.Unmarshal(text, &got), "%s", text)
		require.Len(t, got.List, 5)
		assert.Equal(t, i, got.Int)
		assert.Equal(t, validUTF8(s), decode[string](t, got.List[0]))
		assert.InDelta(t, d, decode[float64](t, got.List[1]), 0)
		assert.Equal(t, b, decode[bool](t, got.List[2]))
		assert.Equal(t, string(raw), string(decode[[]byte](t, got.List[3])))
		assert.Equal(t, map[string]string{validUTF8(key): validUTF8(s)}, decode[map[string]string](t, got.List[4]))
	})
}

// validUTF8 replaces each broken byte; strings.ToValidUTF8 would replace a run of them once.
func validUTF8(s string) string {
	return strings.Map(func(r rune) rune { return r }, s)
}

func decode[T any](t *testing.T, text json.RawMessage) (v T) {
	t.Helper()
	require.NoError(t, json.Unmarshal(text, &v))
	return v
}
