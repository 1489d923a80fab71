package quota

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The bucket of a window has a quarter of the amount. A quarter of that is kept for urgent queries, half of it for all but
// spare ones.
func TestWhatABucketKeeps(t *testing.T) {
	now := time.Unix(0, 0)
	for class, amount := range map[Class]float64{Paced: 200, Spare: 100} {
		b := newBucket(Limit{Window: time.Hour, Amount: 1600})
		b.spend(now, 100)
		assert.True(t, b.freeAt(now, class, amount).IsZero(), class)
		assert.False(t, b.freeAt(now, class, amount+1).IsZero(), class)
	}
}

// The bucket of an hour with 1600 fills with 1400 in an hour.
func TestABucketFills(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBucket(Limit{Window: time.Hour, Amount: 1600})
	b.spend(now, 400)
	free := b.freeAt(now, Paced, 50) // beside 100 that are kept
	assert.InDelta(t, 150*3600/1400.0, free.Sub(now).Seconds(), 0.01)
}

func TestThePeakDecays(t *testing.T) {
	now := time.Unix(0, 0)
	w := newWindow(Limit{Window: time.Hour, Amount: 100}, false)
	w.add(now, 64, Paced)
	for after, peak := range map[time.Duration]float64{0: 64, 6 * time.Hour: 32, 18 * time.Hour: 8} {
		assert.InDelta(t, peak, w.peakOf(now.Add(after)), 1e-9, after)
	}
}

// A journal has a slot a minute for the last hour, and one a quarter of an hour for the time before.
func TestTheJournalsResolution(t *testing.T) {
	start := time.Unix(0, 0)
	j := &journal{base: start}
	for second := range 2 * 60 * 60 {
		j.add(start.Add(time.Duration(second)*time.Second), Paced, Cost{Requests: 1})
	}
	assert.Len(t, j.slots, 120)
	j.tidy(start.Add(2*time.Hour), 24*time.Hour)
	assert.Len(t, j.slots, 4+60)
	assert.Equal(t, 15*60, j.slots[0].Requests)
	assert.Equal(t, 60, j.slots[len(j.slots)-1].Requests)
}

// A burst at the start does not count as a rate: five minutes are the least from which one is computed.
func TestNeedsAreSeenForAWhile(t *testing.T) {
	now := time.Unix(0, 0)
	w := newWindow(Limit{Window: time.Hour, Amount: 1600}, false)
	w.add(now, 96, Urgent)
	// 96 in five minutes are 1152 in an hour, and an eighth more is 1296.
	assert.InDelta(t, 0, w.leaves(now, Unpaced, 304), 1e-9)
	assert.InDelta(t, 0, w.leaves(now.Add(10*time.Minute), Unpaced, 1600-96*6*1.125), 1e-9)
	// An eighth of the window is never left to urgent queries.
	w.add(now, 100, Urgent)
	assert.InDelta(t, 0, w.leaves(now, Unpaced, 200), 1e-9)
}
