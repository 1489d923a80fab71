package reader_test

import (
	"strconv"
	"strings"
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

// A table whose rows turn out to be large is asked for fewer, before the service refuses an answer for its size.
func TestLargeRowsMakeSmallPages(t *testing.T) {
	l := newLane(t, query.Arrival, epoch.Add(-time.Minute), 10, 0)
	l.wide = 60_000
	l.plant(0, 120, epoch.Add(-time.Minute))
	l.plant(120, 1, epoch.Add(-time.Second))
	var limits []int
	l.fail = func(kql string) error {
		_, rest, _ := strings.Cut(kql, "take ")
		limit, err := strconv.Atoi(strings.Fields(rest)[0])
		limits = append(limits, limit)
		return err
	}
	for _, to := range []time.Time{epoch.Add(-10 * time.Second), epoch} {
		l.reader.Plan(l.ledger().CompleteUntil(), to)
		require.NoError(t, l.reader.ReadRanges(t.Context()))
	}
	require.Len(t, limits, 2)
	assert.Equal(t, 1000, limits[0])
	assert.InDelta(t, 45_000_000/60_200, limits[1], 5)
}
