package paging

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// least is the shortest range that is counted.
const least = 5 * time.Minute

func TestCountWindowFindsWhatIsCheap(t *testing.T) {
	const most = 20 * time.Second
	c := NewCountWindow(least)
	assert.True(t, c.Fits(30*24*time.Hour), "nothing is known")
	c.Answered(epoch, 24*time.Hour, most, most)
	assert.True(t, c.Fits(24*time.Hour), "as dear as it may be")
	c.Answered(epoch, 24*time.Hour, most+1, most)
	assert.False(t, c.Fits(24*time.Hour))
	assert.True(t, c.Fits(12*time.Hour))
	c.Answered(epoch, 12*time.Hour, 10*time.Second, most)
	assert.False(t, c.Fits(24*time.Hour), "twice that would be too dear")
	c.Answered(epoch, time.Hour, time.Second, most)
	assert.False(t, c.Fits(24*time.Hour), "a small part says nothing of a large one")
	c.Answered(epoch, 12*time.Hour, most/4, most)
	assert.True(t, c.Fits(24*time.Hour))
	for range 10 {
		c.Answered(epoch, c.width, time.Second, most)
	}
	assert.True(t, c.Fits(1000*24*time.Hour), "in the end there is no limit again")
	c.Answered(epoch, least, time.Hour, most)
	assert.True(t, c.Fits(least), "a bin cannot be cut")

	c = NewCountWindow(least)
	c.Refused(epoch, 24*time.Hour)
	c.Answered(epoch, 12*time.Hour, time.Second, most)
	assert.False(t, c.Fits(24*time.Hour), "what the service gave up on is not tried again")
	c.Answered(epoch.Add(refusalHolds), 12*time.Hour, time.Second, most)
	assert.True(t, c.Fits(24*time.Hour), "but on another day")
}

// Failures that may be due to size teach nothing by themselves, however many there are.
func TestFailingCountsAreNotTakenForLarge(t *testing.T) {
	const day = 24 * time.Hour
	c := NewCountWindow(least)
	var tried []time.Duration
	for range 4 * 10 {
		if smaller := c.Failed(day); smaller > 0 {
			tried = append(tried, smaller)
		}
	}
	assert.True(t, c.Fits(1000*day), "nothing is learned while the smaller count fails, too")
	assert.Equal(t, []time.Duration{
		day / 2, day / 4, day / 8, day / 16, day / 32, day / 64, day / 128, day / 256, least, day / 2,
	}, tried, "one in four, ever smaller, and from the beginning again")

	c = NewCountWindow(least)
	for range suspectAfter {
		assert.Zero(t, c.Failed(day))
		c.Answered(epoch, day, time.Second, time.Minute)
	}
	assert.Equal(t, suspicion{}, c.suspect, "an answer to as large a count clears it")
	for range suspectAfter {
		assert.Zero(t, c.Failed(day+time.Minute))
	}
	assert.Equal(t, (day+time.Minute)/2, c.Failed(day+time.Minute), "another range of that size is the same suspect")
}

// A suspicion that a smaller count has confirmed is held for some minutes, or some counts.
func TestSuspicionIsUnlearned(t *testing.T) {
	const day, most = 24 * time.Hour, time.Minute
	c := NewCountWindow(least)
	blamed := func() {
		c = NewCountWindow(least)
		c.Blame(epoch, day, day/2)
		assert.True(t, c.Fits(day/2))
		assert.False(t, c.Fits(day))
	}
	blamed()
	c.Answered(epoch, day/2, time.Second, most)
	assert.False(t, c.Fits(day))
	c.Answered(epoch.Add(suspicionHolds), day/2, time.Second, most)
	assert.True(t, c.Fits(day), "by time")

	blamed()
	for range suspicionTries {
		assert.False(t, c.Fits(day))
		c.Answered(epoch, day/2, time.Second, most)
	}
	c.Answered(epoch, day/2, time.Second, most)
	assert.True(t, c.Fits(day), "by answers")
	c.Answered(epoch, day, time.Second, most)
	assert.Equal(t, lesson{}, c.tooMuch, "it was wrong")

	blamed()
	c.Blame(epoch, day, day/2)
	for range 2 * suspicionTries {
		c.Answered(epoch, day/2, time.Second, most)
	}
	assert.False(t, c.Fits(day), "what is found again is held twice as long")
}

// A burst of refusals leaves no narrow counts behind, although the service itself has said that it was too much.
func TestBurstOfRefusalsIsUnlearned(t *testing.T) {
	const day, most = 24 * time.Hour, time.Minute
	c := NewCountWindow(least)
	for extent := day; extent > 2*least; extent /= 2 {
		c.Refused(epoch, extent)
	}
	answers := 0
	for !c.Fits(day) {
		c.Answered(epoch, c.width, time.Second, most)
		answers++
		assert.Less(t, answers, 12)
	}

	c = NewCountWindow(least)
	c.Refused(epoch, day)
	c.Refused(epoch, day/2)
	c.Answered(epoch, day/4, time.Second, most)
	assert.True(t, c.Fits(day/2), "the last refusal is tried again once")
	c.Refused(epoch, day/2)
	for range 100 {
		c.Answered(epoch, day/4, time.Second, most)
	}
	assert.False(t, c.Fits(day/2), "and then believed")
}
