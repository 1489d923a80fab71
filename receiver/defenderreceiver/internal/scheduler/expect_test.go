package scheduler

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a count costs says nothing of pages, and one that looks at twice the time costs twice as much.
func TestQueriesAreExpectedToCostWhatTheirLikeDid(t *testing.T) {
	s := alone(t, 2, half())
	query := func(turn Turn, cost time.Duration) {
		grant, err := s.Acquire(t.Context(), turn)
		require.NoError(t, err)
		grant.finish(cost)
	}
	expect := func(turn Turn) time.Duration {
		s.tenant.mu.Lock()
		defer s.tenant.mu.Unlock()
		return s.tenant.expect(&waiter{s: s, turn: turn})
	}
	count := func(hours time.Duration) Turn { return Turn{Table: "t", Kind: "count", Extent: hours * time.Hour} }
	page := Turn{Table: "t", Kind: "read"}
	query(count(6), 4*time.Second)
	for range 20 {
		query(page, 400*time.Millisecond)
	}
	assert.Equal(t, 500*time.Millisecond, expect(page))
	assert.Equal(t, 5*time.Second, expect(count(6)))
	assert.Equal(t, 10*time.Second, expect(count(12)))
	assert.Equal(t, 5*time.Second, expect(count(1)), "what is the same whatever is counted is not known")
	query(count(12), 8*time.Second)
	assert.Equal(t, 10*time.Second, expect(count(12)))
}

func TestExpectation(t *testing.T) {
	measured := expectation{}.learn(4*time.Second, 6*time.Hour, false)
	assert.Equal(t, 5*time.Second, measured.of(6*time.Hour))
	assert.Equal(t, 10*time.Second, measured.of(30*24*time.Hour), "no further than twice")
	// Parts of what is too heavy to count: each is known when it was measured, and nothing is made of a guess.
	grown := measured
	for hours := 12 * time.Hour; hours < 1000*time.Hour; hours *= 2 {
		grown = grown.learn(4*time.Second, hours, false)
	}
	assert.Equal(t, 5*time.Second, grown.of(time.Hour))
	dear := measured.learn(8*time.Second, 6*time.Hour, false)
	assert.Equal(t, 10*time.Second, dear.of(6*time.Hour), "the dearest counts")
	forgotten := dear.learn(4*time.Second, 3*time.Hour, false)
	assert.Less(t, forgotten.of(6*time.Hour), 10*time.Second, "and is forgotten")
	assert.Equal(t, 6*time.Hour, forgotten.extent, "but not of how much it was")
}
