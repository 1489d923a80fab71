package kusto

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLiterals(t *testing.T) {
	for want, got := range map[string]Fragment{
		`"plain"`:                                String("plain"),
		`"a\"b\\c"`:                              String(`a"b\c`),
		`"line\u000Aend\u0000"`:                  String("line\nend\x00"),
		`"\u2028\u0085\uFFFD"`:                   String("\u2028\u0085\xff"),
		`"Zoë 😀"`:                                String("Zoë 😀"),
		`DeviceId`:                               Name("DeviceId"),
		`["two words"]`:                          Name("two words"),
		`["x\"] | take 1 //"]`:                   Name(`x"] | take 1 //`),
		`["has"]`:                                Name("has"),
		`["9a"]`:                                 Name("9a"),
		`"a", "b"`:                               Strings("a", "b"),
		`x == 7`:                                 Format("? == ?", Name("x"), Int(7)),
		`a and c`:                                Join(" and ", Text("a"), Fragment{}, Text("c")),
		`datetime(2026-11-21T10:00:00.1234567Z)`: DateTime(time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.FixedZone("", 7200))),
	} {
		assert.Equal(t, want, got.String())
	}
	assert.Panics(t, func() { Format("?") })
	assert.Panics(t, func() { Format("x", Int(1)) })
}

func TestPredicate(t *testing.T) {
	for _, ok := range []string{
		`DeviceName has "a;b|c//d"`,
		`AccountName in~ ('o''x', "y\"z")`,
		`FolderPath startswith @"C:\"`,
		`DeviceId in ((DeviceInfo | where IsExcluded | project DeviceId))`,
	} {
		f, err := Predicate(ok)
		require.NoError(t, err, ok)
		assert.Equal(t, "("+ok+")", f.String())
	}
	for bad, want := range map[string]string{
		"  ":                "empty",
		`true) | take 1 //`: "unbalanced",
		`true | take 1`:     "inside parentheses",
		`true; print 1`:     "must not hold `;`",
		`true // )`:         "comment",
		`(true`:             "not closed",
		`x == "open`:        "not closed",
		"x == \"a\nb\"":     "end on its line",
		`x == [1)`:          "unbalanced",
		"x == ```a```":      "multi-line",
	} {
		_, err := Predicate(bad)
		require.Error(t, err, bad)
		assert.Contains(t, err.Error(), want, bad)
	}
}

// FuzzString: whatever the value, the literal is one literal.
func FuzzString(f *testing.F) {
	f.Add(`a"b`)
	f.Add("\\")
	f.Add("\u2029\n")
	f.Fuzz(func(t *testing.T, value string) {
		literal := String(value).String()
		end, err := stringEnd(literal, 0)
		require.NoError(t, err)
		assert.Equal(t, len(literal)-1, end)
		assert.False(t, strings.ContainsAny(literal, "\n\r\u2028\u2029\u0085"))
	})
}
