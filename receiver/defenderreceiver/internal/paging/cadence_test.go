package paging

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestCadence(t *testing.T) {
	const full, some, empty = 100, 50, 0
	for name, c := range map[string]struct {
		priority int
		short    bool
		polls    []int
		want     time.Duration
	}{
		"some rows":                    {2, false, []int{some, some, some, some}, 8 * time.Minute},
		"one full page":                {2, false, []int{full, some}, 8 * time.Minute},
		"steady full pages":            {2, false, []int{full, full, full}, 4 * time.Minute},
		"the lower bound":              {2, false, []int{full, full, full, full, full, full, full}, 2 * time.Minute},
		"full pages end":               {2, false, []int{full, full, full, some}, 8 * time.Minute},
		"full pages, short":            {2, true, []int{full, full, full, full}, 8 * time.Minute},
		"empty":                        {2, false, []int{empty, empty, empty, empty, empty}, 8 * time.Minute},
		"empty, short":                 {2, true, []int{empty, empty, empty}, 16 * time.Minute},
		"the upper bound":              {2, true, []int{empty, empty, empty, empty, empty, empty, empty}, 32 * time.Minute},
		"empty no more":                {2, true, []int{empty, empty, empty, empty, some}, 8 * time.Minute},
		"empty, short, but priority 1": {1, true, []int{empty, empty, empty, empty}, 8 * time.Minute},
	} {
		cadence := NewCadence(8*time.Minute, c.priority)
		for _, rows := range c.polls {
			cadence.Polled(rows, full, c.short)
		}
		assert.Equal(t, c.want, cadence.Interval(), name)
		for range 100 {
			next := cadence.next()
			assert.LessOrEqual(t, next, c.want, "jitter never makes a table later than its interval")
			assert.GreaterOrEqual(t, next, c.want*9/10)
		}
	}
	over := Cadence{configured: 8 * time.Minute, current: 32 * time.Minute, priority: 2, empty: 9}
	over.Polled(empty, full, false)
	assert.Equal(t, 8*time.Minute, over.current, "the shortage is over")
}

// A poll that takes long begins earlier, so that its rows are there when the interval is over.
func TestIdle(t *testing.T) {
	c := NewCadence(10*time.Minute, 1)
	for spent, most := range map[time.Duration]time.Duration{
		0:                10*time.Minute - time.Second,
		10 * time.Second: 10*time.Minute - 31*time.Second,
		5 * time.Minute:  3 * time.Minute, // no more than a fifth of the interval earlier
		time.Hour:        0,
	} {
		idle := c.Idle(spent)
		assert.LessOrEqual(t, idle, most, spent)
		assert.GreaterOrEqual(t, idle, max(most-time.Minute, 0), spent)
	}
}
