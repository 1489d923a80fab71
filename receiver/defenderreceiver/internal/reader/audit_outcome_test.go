package reader_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
)

// What a failing service did not give is not missing: it is asked again, and sooner than the next audit.
func TestWhatCouldNotBeReadAgainIsNotMissing(t *testing.T) {
	for _, basis := range []query.TimeBasis{query.Arrival, query.EventTime} {
		t.Run(basis.String(), func(t *testing.T) {
			l := newAudited(t, 10, basis)
			l.plantLate(10, 3)
			l.fail = failing(ofRead, errUnavailable)
			require.ErrorIs(t, l.audit(), errUnavailable)
			require.ErrorIs(t, l.audit(), errUnavailable)
			assert.Equal(t, map[audit.Outcome]int{audit.Incomplete: 2}, l.metrics.ended)
			assert.Zero(t, l.audits.Record().View().Missing+l.metrics.found.Missing)
			assert.False(t, l.audits.Record().View().Audited)
			assert.False(t, l.allDelivered())
			assert.Equal(t, 1, l.asked[ofCount], "what was counted is kept")
			wait := l.audits.Next().Sub(l.now)
			assert.Positive(t, wait)
			assert.Less(t, wait, 5*time.Minute)

			l.fail = nil
			require.NoError(t, l.audit())
			assert.Equal(t, 1, l.metrics.ended[audit.Complete])
			assert.Equal(t, []int{10, 3, 0}, l.found())
			l.sink.Exactly(t, 13)
			assert.WithinDuration(t, l.now.Add(time.Hour), l.audits.Next(), time.Second)
		})
	}
}

// Without counts an audit has failed. It changes nothing of what the last one says.
func TestAuditWithoutCounts(t *testing.T) {
	l := newAudited(t, 10, query.Arrival)
	require.True(t, l.audits.Due())
	l.fail = failing(ofCount, errUnavailable)
	require.ErrorIs(t, l.audit(), errUnavailable)
	assert.Equal(t, map[audit.Outcome]int{audit.Failed: 1}, l.metrics.ended)
	assert.False(t, l.audits.Record().View().Audited)
	assert.Zero(t, l.metrics.found.Matched)
	var waits []time.Duration
	for range 3 {
		waits = append(waits, l.audits.Next().Sub(l.now))
		require.False(t, l.audits.Due())
		l.now = l.audits.Next().Add(time.Second)
		require.True(t, l.audits.Due())
		require.ErrorIs(t, l.audit(), errUnavailable)
	}
	assert.IsIncreasing(t, waits)
	assert.Less(t, waits[2], time.Hour/2)
	l.fail = nil
	require.NoError(t, l.audit())
	assert.True(t, l.allDelivered())
}

// A quota that is spent is no failure of the audit, which goes on with the next poll.
func TestAuditThatIsThrottled(t *testing.T) {
	l := newAudited(t, 10, query.Arrival)
	throttled := &hunting.Error{Kind: hunting.RateLimited, Status: 429}
	l.fail = failing(ofCount, throttled)
	require.ErrorIs(t, l.audit(), throttled)
	assert.Empty(t, l.metrics.ended)
	assert.True(t, l.audits.Due())
}

// A row is missing that the service counts and does not give, and only as long as that is so.
func TestMissingRowsAreCountedAgain(t *testing.T) {
	l := newAudited(t, 10, query.Arrival)
	l.plantLate(10, 2)
	l.hidden[10] = true
	since := "1 row is missing since " + l.now.Format(time.RFC3339)
	require.NoError(t, l.audit())
	assert.Equal(t, 1, l.audits.Record().View().Missing)
	assert.Equal(t, []int{10, 1, 1}, l.found())
	assert.Equal(t, 1, l.says(since))
	assert.False(t, l.allDelivered())

	l.now = l.now.Add(10 * time.Minute)
	l.readNew()
	require.NoError(t, l.audit())
	assert.Equal(t, 1, l.audits.Record().View().Missing, "it is the present truth, not a sum")
	assert.Equal(t, 2, l.says(since), "since the first time")

	clear(l.hidden)
	require.NoError(t, l.audit())
	assert.Zero(t, l.audits.Record().View().Missing)
	assert.Equal(t, 2, l.metrics.recovered)
	assert.Equal(t, 2, l.metrics.found.Missing, "the counter adds up what audits found")
}

// Rows that leave the service, or the range, between count and read were counted once and are not missing.
func TestRowsThatLeftAreNotMissing(t *testing.T) {
	l := newAudited(t, 10, query.Arrival)
	l.surplus = 2 // the first count says two more than there will be
	require.NoError(t, l.audit())
	assert.Equal(t, 2, l.asked[ofCount])
	assert.Equal(t, []int{10, 0, 0}, l.found())
	assert.True(t, l.allDelivered())
}

// The word delivered never covers a row that the pipeline refused for good.
func TestRefusedIsNotDelivered(t *testing.T) {
	for words, kept := range map[string]bool{
		"3 rows were refused by the pipeline for good and passed over, because dead_letter::directory is not set": false,
		"3 rows were refused by the pipeline for good and kept in the dead letters":                               true,
	} {
		l := newAudited(t, 7, query.Arrival)
		l.audits.KeepsRefused = kept
		l.plantLate(7, 3)
		for i := range byte(3) {
			l.ledger().Refuse(uuid.UUID{i}, epoch.Add(-time.Minute))
		}
		require.NoError(t, l.audit())
		assert.Equal(t, 3, l.audits.Record().View().Refused)
		assert.Equal(t, audit.Findings{Matched: 7, Refused: 3}, l.metrics.found)
		assert.Equal(t, 1, l.says(words), "%v", l.logs.All())
		assert.False(t, l.allDelivered())
	}
}

// What is set aside is neither delivered nor missing. What lies beside it in its bin is read all the same.
func TestAuditOfWhatIsSetAside(t *testing.T) {
	l := newAudited(t, 10, query.EventTime)
	l.ledger().Unreadable().Add(event(20), event(22), l.now)
	l.plantLate(20, 3) // of which the last is beside it
	require.NoError(t, l.audit())
	assert.Equal(t, []int{10, 1, 0}, l.found())
	assert.Equal(t, 2, l.audits.Record().View().Last.Unread)
	assert.Equal(t, 1, l.says("2 rows are in ranges that cannot be read (1 set aside)"))
	l.sink.Exactly(t, 11)

	l.due(0)
	require.NoError(t, l.reader.Unreadable.Retry(t.Context()))
	require.NoError(t, l.audit())
	assert.Equal(t, 13, l.audits.Record().View().Last.Matched)
	assert.True(t, l.allDelivered())
}

// An audit that takes long goes on although the table's cursor moves on: the ledger of its window is kept, so that
// nothing is delivered again, and what came later does not make up for what is missing.
func TestAuditBesideAMovingCursor(t *testing.T) {
	l := newAuditedFor(t, 10, query.Arrival, 70*time.Minute)
	l.plantLate(10, 2)
	l.fail = failing(ofCount, errUnavailable)
	require.Error(t, l.audit())
	l.fail = nil
	l.now = l.now.Add(50 * time.Minute)
	l.plant(100, 5, l.now.Add(-10*time.Minute))
	l.readNew()
	l.sink.Exactly(t, 15)
	// The storage has forgotten by now what the ledger does not keep.
	require.NoError(t, l.reader.Track.Keep())
	go l.keeper.Run(t.Context())
	require.Eventually(t, func() bool { return l.stored().Equal(l.ledger().CompleteUntil()) }, time.Minute, time.Millisecond)
	require.NoError(t, l.audit())
	l.sink.Exactly(t, 17)
	assert.Equal(t, []int{10, 2, 0}, l.found())
}

// Rows that come after the end of an audit do not make up for one that is missing before it, in the same bin.
func TestAuditOfTheBinThatItsEndCuts(t *testing.T) {
	l := newAudited(t, 10, query.Arrival)
	l.plant(10, 1, epoch.Add(60*time.Minute+10*time.Second))
	l.fail = failing(ofCount, errUnavailable)
	require.Error(t, l.audit())
	l.fail = nil
	l.plant(11, 1, epoch.Add(62*time.Minute))
	l.now = l.now.Add(2 * time.Minute)
	l.readNew()
	l.sink.Exactly(t, 11)
	require.NoError(t, l.audit())
	l.sink.Exactly(t, 12)
	assert.Equal(t, []int{10, 1, 0}, l.found())
}

// Counts of other rows, and old ones, are not gone on with.
func TestCountsThatAreNotComparable(t *testing.T) {
	for name, change := range map[string]func(l *lane){
		"they are old":       func(l *lane) { l.now = l.now.Add(time.Hour + time.Minute) },
		"another filter":     func(l *lane) { l.reader.Question.LeaveArrived(epoch.Add(time.Hour)) },
		"another ledger":     func(l *lane) { other := *l.ledger(); l.reader.Track.Take(&other) },
		"another time basis": func(l *lane) { l.reader.Question.Along(query.EventTime) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newAudited(t, 10, query.Arrival)
			l.plantLate(10, 1)
			l.fail = failing(ofRead, errUnavailable)
			for range 2 {
				require.Error(t, l.audit())
				assert.Equal(t, 1, l.asked[ofCount], "the counts are kept")
			}
			change(l)
			require.Error(t, l.audit())
			assert.Equal(t, 2, l.asked[ofCount])
		})
	}
}

// What one count may cost at most decides in how many parts the next audit counts its window.
func TestCountBudgetSplitsTheNextAudit(t *testing.T) {
	for budget, split := range map[time.Duration]bool{time.Hour: false, time.Nanosecond: true} {
		l := newAudited(t, 10, query.Arrival)
		l.audits = reader.NewAuditor(l.reader, reader.AuditSettings{
			Window: 3 * time.Hour, Interval: time.Hour, CountBudget: budget, MaxRows: 1000, Yields: func() bool { return false },
		}, l.metrics)
		require.NoError(t, l.audit())
		assert.Equal(t, 1, l.asked[ofCount], "that it is dear is known afterwards")
		require.NoError(t, l.audit())
		assert.Equal(t, split, l.asked[ofCount] > 2, "%s: %d counts", budget, l.asked[ofCount]-1)
		assert.Equal(t, 20, l.metrics.found.Matched)
	}
}

// One bin that fails does not keep the others from being read.
func TestAuditGoesOnWithOtherBins(t *testing.T) {
	l := newAudited(t, 1, query.Arrival)
	for i := range 4 {
		l.plant(10+i, 1, epoch.Add(time.Duration(10*i)*time.Minute))
	}
	poison := "datetime(" + epoch.Format("2006-01-02T15:04:05")
	l.fail = func(kql string) error {
		if strings.Contains(kql, ofRead) && strings.Contains(kql, poison) {
			return errUnavailable
		}
		return nil
	}
	for range 3 {
		require.ErrorIs(t, l.audit(), errUnavailable)
	}
	l.sink.Exactly(t, 4)
	assert.Equal(t, 1, l.asked[ofCount])
	assert.LessOrEqual(t, l.asked[ofRead], 7)
	l.fail = nil
	require.NoError(t, l.audit())
	l.sink.Exactly(t, 5)
	assert.Equal(t, 4, l.metrics.recovered)
}

// The service's trouble does not make a range that is set aside wait ever longer.
func TestTroubleIsNoTryOfARangeAside(t *testing.T) {
	l := newAudited(t, 10, query.EventTime)
	for i := range 3 {
		l.ledger().Unreadable().Add(epoch.Add(time.Duration(i)*time.Second), epoch.Add(time.Duration(i+1)*time.Second), l.now)
		l.due(i)
	}
	retry := func() error { return l.reader.Unreadable.Retry(t.Context()) }
	l.fail = failing(ofRead, errUnavailable)
	clear(l.asked)
	require.ErrorIs(t, retry(), errUnavailable)
	assert.Equal(t, 1, l.asked[ofRead], "the others are not tried at once")
	require.Len(t, l.ledger().Unreadable().All(), 3)
	assert.Zero(t, l.ledger().Unreadable().All()[0].Tries)
	l.fail = failing(ofRead, &hunting.Error{Kind: hunting.TooLarge})
	require.NoError(t, retry())
	ranges := l.ledger().Unreadable().All()
	assert.Equal(t, []int{0, 1, 1}, []int{ranges[0].Tries, ranges[1].Tries, ranges[2].Tries})
	l.fail = nil
	l.due(0)
	l.due(1)
	require.NoError(t, retry())
	assert.Len(t, l.ledger().Unreadable().All(), 1)
}
