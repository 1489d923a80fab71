package reader_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// answering makes a lane whose service gives rows that arrived these seconds after epoch, in this order. The cursor
// follows each row.
func answering(t *testing.T, seconds ...int) *lane {
	t.Helper()
	l := newLane(t, query.Arrival, epoch, 1, 0)
	l.now, l.disordered = epoch.Add(time.Hour), true
	for number, second := range seconds {
		l.plant(number, 1, epoch.Add(time.Duration(second)*time.Second))
	}
	l.reader.Plan(epoch, epoch.Add(time.Minute))
	return l
}

// Only of an ordered answer is the part before a break complete; any other moves nothing, and what it
// brought is recognised when it comes again.
func TestUnorderedAnswerMovesNothing(t *testing.T) {
	l := answering(t, 1, 5, 3, 4)
	require.ErrorContains(t, l.reader.ReadRanges(t.Context()), "not in the order")
	assert.Equal(t, epoch, l.ledger().CompleteUntil())
	assert.Equal(t, 2, l.sink.Count())
	require.NoError(t, l.reader.ReadAgain(t.Context(), epoch, epoch.Add(time.Minute), 1))
	assert.Equal(t, epoch, l.ledger().CompleteUntil(), "reading again moves nothing")
	l.sink.Exactly(t, 4)
}

func TestOrderedAnswerMovesTheCursor(t *testing.T) {
	l := answering(t, 1, 3, 3, 5, 7)
	l.broken = 4
	require.Error(t, l.reader.ReadRanges(t.Context()))
	l.sink.Exactly(t, 4)
	assert.Equal(t, epoch.Add(5*time.Second), l.ledger().CompleteUntil())
}
