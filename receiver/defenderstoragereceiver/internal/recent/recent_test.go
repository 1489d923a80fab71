package recent

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func TestRemembersForAWhile(t *testing.T) {
	r := New(time.Hour, 10)
	id := uuid.New()
	assert.False(t, r.Has(id, start))
	r.Add(id, start)
	assert.True(t, r.Has(id, start.Add(time.Hour)))
	assert.False(t, r.Has(id, start.Add(time.Hour+2*time.Second)))
	assert.Zero(t, r.Len())
}

func TestRemembersNoneWhenOff(t *testing.T) {
	for _, r := range []*Rows{New(0, 10), New(time.Hour, 0)} {
		r.Add(uuid.Nil, start)
		assert.False(t, r.Has(uuid.Nil, start))
		assert.Zero(t, r.Len())
	}
}

// The queue does what a plain list does, with any mix of bursts and pauses, and has a bound.
func TestAgainstAList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const most, window = 50, time.Minute
	r := New(window, most)
	type entry struct {
		id uuid.UUID
		at time.Time
	}
	var list []entry
	var all []uuid.UUID
	now := start
	for range 20_000 {
		if random.IntN(40) == 0 {
			now = now.Add(time.Duration(random.IntN(90)) * time.Second)
		}
		for len(list) > 0 && list[0].at.Unix() < now.Add(-window).Unix() {
			list = list[1:]
		}
		var id uuid.UUID
		if len(all) > 0 && random.IntN(3) == 0 {
			id = all[len(all)-1-random.IntN(min(len(all), 2*most))]
		} else {
			id = uuid.New()
			all = append(all, id)
		}
		known := false
		for _, e := range list {
			known = known || e.id == id
		}
		require.Equal(t, known, r.Has(id, now))
		r.Add(id, now)
		if !known {
			list = append(list, entry{id, now})
			if len(list) > most {
				list = list[1:]
			}
		}
		require.Equal(t, len(list), r.Len())
		require.LessOrEqual(t, len(r.queue), 2*most)
	}
}
