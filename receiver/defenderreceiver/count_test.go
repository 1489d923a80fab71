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
