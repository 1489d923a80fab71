package health

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRate(t *testing.T) {
	start := time.Date(2026, 11, 21, 10, 0, 30, 0, time.UTC)
	var r rate
	last := func(now time.Time, n int) []int {
		all := r.perMinute(now)
		assert.Len(t, all, rateMinutes)
		return all[rateMinutes-n:]
	}
	sum := func(now time.Time) (sum int) {
		for _, rows := range r.perMinute(now) {
			sum += rows
		}
		return sum
	}
	assert.Zero(t, sum(start))
	r.add(start, 3)
	r.add(start.Add(20*time.Second), 2)
	r.add(start.Add(40*time.Second), 7)
	assert.Equal(t, []int{0, 5, 7}, last(start.Add(time.Minute), 3))
	r.add(start.Add(-time.Hour), 1)
	assert.Equal(t, []int{0, 5, 8}, last(start.Add(time.Minute), 3), "a clock that was set back")
	assert.Equal(t, []int{8, 0, 0}, last(start.Add(3*time.Minute), 3))
	assert.Equal(t, 13, sum(start.Add(59*time.Minute)))
	assert.Equal(t, 8, sum(start.Add(60*time.Minute)), "the first minute is forgotten")
	assert.Zero(t, sum(start.Add(61*time.Minute)))
	r.add(start.Add(100*time.Hour), 4)
	assert.Equal(t, 4, sum(start.Add(100*time.Hour)))
}
