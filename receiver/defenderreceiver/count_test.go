package defenderreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
)

func TestCountingFindsWhatIsCheap(t *testing.T) {
	const most = 20 * time.Second
	var c counting
	assert.True(t, c.fits(30*24*time.Hour), "nothing is known")
	c.cost(epoch, 24*time.Hour, most, most)
	assert.True(t, c.fits(24*time.Hour), "as dear as it may be")
	c.cost(epoch, 24*time.Hour, most+1, most)
	assert.False(t, c.fits(24*time.Hour))
	assert.True(t, c.fits(12*time.Hour))
	c.cost(epoch, 12*time.Hour, 10*time.Second, most)
	assert.False(t, c.fits(24*time.Hour), "twice that would be too dear")
	c.cost(epoch, time.Hour, time.Second, most)
	assert.False(t, c.fits(24*time.Hour), "a small part says nothing of a large one")
	c.cost(epoch, 12*time.Hour, most/4, most)
	assert.True(t, c.fits(24*time.Hour))
	for range 10 {
		c.cost(epoch, c.width, time.Second, most)
	}
	assert.True(t, c.fits(1000*24*time.Hour), "in the end there is no limit again")
	c.cost(epoch, checkpoint.BinWidth, time.Hour, most)
	assert.True(t, c.fits(checkpoint.BinWidth), "a bin cannot be cut")

	c = counting{}
	c.refuse(epoch, 24*time.Hour)
	c.cost(epoch, 12*time.Hour, time.Second, most)
	assert.False(t, c.fits(24*time.Hour), "what the service gave up on is not tried again")
	c.cost(epoch.Add(refusalHolds), 12*time.Hour, time.Second, most)
	assert.True(t, c.fits(24*time.Hour), "but on another day")
}

// Failures that may be due to size teach nothing by themselves, however many there are.
func TestFailingCountsAreNotTakenForLarge(t *testing.T) {
	const day = 24 * time.Hour
	var c counting
	var tried []time.Duration
	for range 4 * 10 {
		if smaller := c.failed(day); smaller > 0 {
			tried = append(tried, smaller)
		}
	}
	assert.True(t, c.fits(1000*day), "nothing is learned while the smaller count fails, too")
	assert.Equal(t, []time.Duration{
		day / 2, day / 4, day / 8, day / 16, day / 32, day / 64, day / 128, day / 256, checkpoint.BinWidth, day / 2,
	}, tried, "one in four, ever smaller, and from the beginning again")

	c = counting{}
	for range suspectAfter {
		assert.Zero(t, c.failed(day))
		c.cost(epoch, day, time.Second, time.Minute)
	}
	assert.Equal(t, suspicion{}, c.suspect, "an answer to as large a count clears it")
	for range suspectAfter {
		assert.Zero(t, c.failed(day+time.Minute))
	}
	assert.Equal(t, (day+time.Minute)/2, c.failed(day+time.Minute), "another range of that size is the same suspect")
}

// A suspicion that a smaller count has confirmed is held for some minutes, or some counts.
func TestSuspicionIsUnlearned(t *testing.T) {
	const day, most = 24 * time.Hour, time.Minute
	var c counting
	blamed := func() {
		c = counting{}
		c.blame(epoch, day, day/2)
		assert.True(t, c.fits(day/2))
		assert.False(t, c.fits(day))
	}
	blamed()
	c.cost(epoch, day/2, time.Second, most)
	assert.False(t, c.fits(day))
	c.cost(epoch.Add(suspicionHolds), day/2, time.Second, most)
	assert.True(t, c.fits(day), "by time")

	blamed()
	for range suspicionTries {
		assert.False(t, c.fits(day))
		c.cost(epoch, day/2, time.Second, most)
	}
	c.cost(epoch, day/2, time.Second, most)
	assert.True(t, c.fits(day), "by answers")
	c.cost(epoch, day, time.Second, most)
	assert.Equal(t, lesson{}, c.tooMuch, "it was wrong")

	blamed()
	c.blame(epoch, day, day/2)
	for range 2 * suspicionTries {
		c.cost(epoch, day/2, time.Second, most)
	}
	assert.False(t, c.fits(day), "what is found again is held twice as long")
}

// A burst of refusals leaves no narrow counts behind, although the service itself has said that it was too much.
func TestBurstOfRefusalsIsUnlearned(t *testing.T) {
	const day, most = 24 * time.Hour, time.Minute
	var c counting
	for extent := day; extent > 2*checkpoint.BinWidth; extent /= 2 {
		c.refuse(epoch, extent)
	}
	answers := 0
	for !c.fits(day) {
		c.cost(epoch, c.width, time.Second, most)
		answers++
		assert.Less(t, answers, 12)
	}

	c = counting{}
	c.refuse(epoch, day)
	c.refuse(epoch, day/2)
	c.cost(epoch, day/4, time.Second, most)
	assert.True(t, c.fits(day/2), "the last refusal is tried again once")
	c.refuse(epoch, day/2)
	for range 100 {
		c.cost(epoch, day/4, time.Second, most)
	}
	assert.False(t, c.fits(day/2), "and then believed")
}
