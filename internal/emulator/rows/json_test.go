package rows

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStringsAreLeftAsTheyAre(t *testing.T) {
	assert.Equal(t, "\"a\xffb\"", string(AppendString(nil, "a\xffb")), "invalid UTF-8 goes out as it is")
	assert.Equal(t, `"x\ud83dy"`, string(AppendString(nil, "x\xed\xa0\xbdy")), "half a pair becomes an escape")
	assert.Equal(t, `"퟿"`, string(AppendString(nil, "\ud7ff")))
}

func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("\xed\xa0")
	f.Add("\"\\\x00\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		out := AppendString(nil, s)
		if !utf8.ValidString(s) {
			return
		}
		var back string
		require.NoError(t, json.Unmarshal(out, &back))
		require.Equal(t, s, back)
	})
}
