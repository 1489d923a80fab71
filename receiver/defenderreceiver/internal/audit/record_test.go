package audit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

func all(ledger.Bin) bool { return true }

func TestRecordSaysThePresentTruth(t *testing.T) {
	r := NewRecord(noon)
	assert.Equal(t, View{Since: noon}, r.View(), "before the first audit nothing is missing, and the age is the receiver's")

	at := noon.Add(time.Hour)
	sum, since := r.Complete(map[ledger.Bin]Findings{bin: {Matched: 5, Missing: 2}, bin + 1: {Matched: 3, Refused: 1}}, all, at, at)
	assert.Equal(t, Findings{Matched: 8, Missing: 2, Refused: 1}, sum)
	assert.Equal(t, at, since)
	assert.Equal(t, View{Since: at, Audited: true, Last: sum, Missing: 2, Refused: 1}, r.View())

	later := at.Add(time.Hour)
	_, since = r.Complete(map[ledger.Bin]Findings{bin: {Matched: 6, Missing: 1}, bin + 2: {Missing: 1}, bin + 1: {Refused: 1}}, all, later, later)
	assert.Equal(t, at, since, "one of them is missing since the first audit")
	assert.Equal(t, 2, r.View().Missing)

	_, since = r.Complete(map[ledger.Bin]Findings{bin: {Matched: 6, Recovered: 1}}, all, later, later)
	assert.Zero(t, since)
	assert.Equal(t, View{Since: later, Audited: true, Last: Findings{Matched: 6, Recovered: 1}}, r.View(), "what was recovered is not missing any more")
}

// History is audited day by day: another day's audit says nothing of this one.
func TestRecordOfHistoryAddsUpItsDays(t *testing.T) {
	r := NewRecord(noon)
	between := func(from, to ledger.Bin) func(ledger.Bin) bool {
		return func(b ledger.Bin) bool { return from <= b && b < to }
	}
	r.Complete(map[ledger.Bin]Findings{10: {Missing: 1}, 11: {Refused: 2}}, between(10, 20), noon, noon)
	r.Complete(map[ledger.Bin]Findings{5: {Missing: 3}}, between(0, 10), noon, noon)
	assert.Equal(t, 4, r.View().Missing)
	assert.Equal(t, 2, r.View().Refused)
	r.Complete(map[ledger.Bin]Findings{11: {Refused: 2}}, between(10, 20), noon, noon)
	assert.Equal(t, 3, r.View().Missing)
	assert.Equal(t, 2, r.View().Refused)
}
