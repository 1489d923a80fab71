package paging

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The parts of an instant are those of that instant: it is read whole where it begins elsewhere.
func TestPartsAreOfOneInstant(t *testing.T) {
	w, to := NewWindow(), epoch.Add(time.Hour)
	w.Instant()
	assert.True(t, w.Narrow(epoch, epoch.Add(Tick)))
	w.ReadPart(1)
	assert.Equal(t, []bool{false, true}, []bool{w.PartRead(0), w.PartRead(1)})
	assert.Equal(t, epoch.Add(Tick), w.Until(epoch, to), "a part is of one instant")
	assert.Equal(t, 2, w.Parts())
	assert.False(t, w.Doubt(epoch, epoch.Add(time.Hour)), "its parts are smaller already")
	w.Until(epoch.Add(Tick), to)
	assert.Equal(t, 1, w.Parts())
	assert.False(t, w.PartRead(0))
}

// Doubt narrows the next range, down to an instant, and leaves what is known of the service's limit.
func TestDoubt(t *testing.T) {
	w, to := NewWindow(), epoch.Add(time.Hour)
	assert.True(t, w.Doubt(epoch, to))
	assert.Equal(t, epoch.Add(30*time.Minute), w.Until(epoch, to))
	assert.Equal(t, unlimited, w.Width())
	assert.True(t, w.Doubt(epoch, epoch.Add(3*Tick)))
	assert.Equal(t, epoch.Add(Tick), w.Until(epoch, to))
	assert.False(t, w.Doubt(epoch, epoch.Add(Tick)), "nothing smaller can be tried")
}

func TestTimes(t *testing.T) {
	later := epoch.Add(1)
	assert.Equal(t, []time.Time{later, later}, []time.Time{Latest(epoch, later), Latest(later, epoch)})
	assert.Equal(t, []time.Time{epoch, epoch}, []time.Time{Earliest(epoch, later), Earliest(later, epoch)})
}
