package quota

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// beside is how many spare queries of half a second an account lets go in an hour, beside four others a minute.
func beside(a *Account, now time.Time) (spare int, end time.Time) {
	const others, cost = 15 * time.Second, 500 * time.Millisecond
	for end = now.Add(time.Hour); now.Before(end); now = now.Add(time.Second) {
		if now.Sub(end)%others == 0 {
			a.Request("r", now, Paced, 0)
			a.Charge("r", now, Paced, 0, cost)
		}
		if free, known := a.FreeAt(now, Spare, cost); known && !free.After(now) {
			a.Request("r", now, Spare, 0)
			a.Charge("r", now, Spare, 0, cost)
			spare++
		}
	}
	return spare, end
}

// What is restored is coarse: fifteen minutes' requests at one instant are no peak of a minute. A reserve is nobody's
// need, and what other limits make of the past is not either.
func TestARestartTakesNothingFromSpareQueries(t *testing.T) {
	now := time.Now()
	a := NewAccount(share, now)
	before := 0
	for range 8 {
		before, now = beside(a, now)
	}
	require.Greater(t, before, 200)
	restore := func(reserve Cost) *Account {
		record := a.Record("r", now)
		record.Reserve = reserve
		data, err := record.Encode()
		require.NoError(t, err)
		record, err = Decode(data)
		require.NoError(t, err)
		b := NewAccount(share, now)
		b.Restore("r", record, time.Second, now.Add(time.Second))
		return b
	}
	other := restore(Cost{})
	other.SetLimits(Limits{Requests: share.Requests, CPU: share.CPU[:2]}, now.Add(time.Second))
	other.SetLimits(share, now.Add(time.Second))
	for name, b := range map[string]*Account{
		"clean": restore(Cost{}), "killed": restore(Cost{Requests: 5, CPU: time.Minute}), "other limits": other,
	} {
		first, end := beside(b, now.Add(time.Second))
		second, _ := beside(b, end)
		assert.InEpsilon(t, before, second, 0.05, "%s: %d before, %d and %d after", name, before, first, second)
	}
}

// A query that was dearer than a window has room for leaves some room beside it as soon as half of it is forgotten.
func TestThePeakIsNotAboveTheLimit(t *testing.T) {
	now := time.Now()
	a := NewAccount(share, now)
	a.Charge("r", now, Paced, 0, 150*time.Second)
	for _, w := range a.cpu {
		assert.LessOrEqual(t, w.peakOf(now), w.limit.Amount)
	}
	later := now.Add(3 * time.Hour)
	free, known := a.FreeAt(later, Spare, time.Second)
	assert.True(t, known && !free.After(later))
}
