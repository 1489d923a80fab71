package audit

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

func TestDividedCell(t *testing.T) {
	type rows = map[ledger.Bin]int
	type entries = map[ledger.Bin]ledger.Entry
	for name, c := range map[string]struct {
		counted, given rows
		before, after  entries
		found          int
		sum            Findings
		unread         bool
		want           map[ledger.Bin]Findings
	}{
		"all known": {
			counted: rows{1: 2, 3: 1}, given: rows{1: 2, 3: 1}, before: entries{1: {Rows: 2}, 3: {Rows: 1}}, after: entries{1: {Rows: 2}, 3: {Rows: 1}},
			want: map[ledger.Bin]Findings{1: {Matched: 2}, 3: {Matched: 1}},
		},
		"recovered and refused": {
			counted: rows{1: 2, 3: 2}, given: rows{1: 2, 3: 2}, before: entries{1: {Rows: 1}, 3: {Rows: 1}},
			after: entries{1: {Rows: 2}, 3: {Rows: 2, Refused: 1}}, found: 1,
			want: map[ledger.Bin]Findings{1: {Matched: 1, Recovered: 1}, 3: {Matched: 1, Refused: 1}},
		},
		"a row of the cell that was delivered since is not recovered by it": {
			counted: rows{1: 2}, given: rows{1: 2}, before: entries{1: {Rows: 1}}, after: entries{1: {Rows: 2}},
			want: map[ledger.Bin]Findings{1: {Matched: 2}},
		},
		"missing": {
			counted: rows{1: 2, 3: 2}, given: rows{1: 2, 3: 1}, sum: Findings{Missing: 1},
			want: map[ledger.Bin]Findings{1: {Matched: 2}, 3: {Matched: 1, Missing: 1}},
		},
		"an alert that has moved on": {
			counted: rows{1: 1, 3: 1}, given: rows{2: 1, 3: 1},
			want: map[ledger.Bin]Findings{2: {Matched: 1}, 3: {Matched: 1}},
		},
		"one has moved on, and another is missing": {
			counted: rows{1: 1, 3: 1, 5: 1}, given: rows{2: 1}, sum: Findings{Missing: 2},
			want: map[ledger.Bin]Findings{1: {Missing: 1}, 2: {Matched: 1}, 3: {Missing: 1}},
		},
		"unread": {
			counted: rows{1: 2, 3: 2}, given: rows{1: 1}, before: entries{1: {Rows: 1}, 3: {Rows: 1}}, after: entries{1: {Rows: 1}, 3: {Rows: 1}},
			unread: true, want: map[ledger.Bin]Findings{1: {Matched: 1, Unread: 1}, 3: {Matched: 1, Unread: 1}},
		},
	} {
		d := Divided{
			Counted: c.counted, Given: c.given, Unread: c.unread,
			Before: func(b ledger.Bin) ledger.Entry { return c.before[b] }, After: func(b ledger.Bin) ledger.Entry { return c.after[b] },
		}
		assert.Equal(t, c.want, d.Reread(c.found, c.sum), name)
	}
}
