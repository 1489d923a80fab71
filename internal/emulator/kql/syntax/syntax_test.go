package syntax

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUsedWords(t *testing.T) {
	for text, want := range map[string][]string{
		`T`: nil,
		`let x = T | where a !has_cs "b" and not(c in ((U | take 5))); x | summarize n = count() by bin(d, 1h)`: {"and", "bin", "count", "has", "in", "not", "summarize", "take", "where"},
		`T | join kind=inner (print 1 - 2) on a | sort by strcat(b, c) asc | union (U)`:                         {"-", "join", "print", "sort", "strcat", "union"},
		`T | where a between (-1 .. 2) or b !~ "c" or d matches regex "e" or f != 1`:                            {"!=", "-", "=~", "between", "matches regex", "or", "where"},
	} {
		statements, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, Used(statements), text)
	}
}

// An error says where the trouble begins.
func TestOffsetsOfErrors(t *testing.T) {
	for text, offset := range map[string]int{
		``: 0, `T | frob x`: 4, `T | project-away x`: 4, `T | where (`: 11, `T | where a == "b`: 15, `T | where a == 5fortnights`: 15, `T # U`: 2,
		`T | take 5 5`: 11, `T | where a == datetime(soon)`: 15,
	} {
		_, err := Parse(text)
		var asError *Error
		require.ErrorAs(t, err, &asError, text)
		assert.True(t, asError.Syntax, text)
		assert.Equal(t, offset, asError.Offset, text)
	}
}
