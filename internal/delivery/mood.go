package delivery

import (
	"math"
	"sync"
)

const (
	// moodWindow is about how many calls are remembered.
	moodWindow = 64
	// byChance is how likely a good row may be taken for a refused one.
	byChance = 1e-6
	// maxInsisted bounds how often a row is offered in a row, so that a refused one costs no more than that.
	maxInsisted = 200
)

// mood is what share of all calls the destination refuses whatever is in them, over all tables.
type mood struct {
	mu sync.Mutex // guards the two
	// accepted calls, and refused ones all of whose rows were accepted later.
	accepted, innocent float64
}

// add takes calls down.
func (m *mood) add(accepted, innocent int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accepted += float64(accepted)
	m.innocent += float64(innocent)
	for m.accepted+m.innocent > moodWindow {
		m.accepted /= 2
		m.innocent /= 2
	}
}

// insist is how many refusals in a row, but no fewer than least, show that it is not chance. Once it is known that the
// destination has refused what it could as well accept, refused calls that are still open are taken for such ones.
func (m *mood) insist(least, open int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	// A few calls show little: one more of each kind is taken for granted.
	innocent := m.innocent + 1
	if m.innocent > 0 {
		innocent += float64(open)
	}
	share := innocent / (innocent + m.accepted + 1)
	needed := math.Ceil(math.Log(byChance) / math.Log(share))
	return int(min(max(needed, float64(least)), maxInsisted))
}
