package drops

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func call(t *testing.T, day proof.Day, n int) Call {
	t.Helper()
	ctx, begun := Begin(t.Context())
	for range n {
		Of(ctx).Drop(day, "DeviceEvents", "no_account")
	}
	return begun
}

func TestCounts(t *testing.T) {
	c := New(noon)
	c.Add(call(t, "2026-11-21", 2))
	c.Add(call(t, "2026-11-21", 1))
	c.Add(call(t, "2026-11-20", 5))
	assert.Equal(t, proof.Drops{Since: noon, Reasons: []proof.Drop{{Table: "DeviceEvents", Reason: "no_account", Rows: 3}}}, c.Dropped("2026-11-21"))
	assert.Equal(t, proof.Drops{Since: noon, Reasons: []proof.Drop{}}, c.Dropped("2026-11-19"))
	Of(t.Context()).Drop("2026-11-21", "DeviceEvents", "no_account") // there is no call: nothing is counted
}

func TestARestart(t *testing.T) {
	c, stored := New(noon), map[string][]byte{}
	store := func() {
		changes, done := c.Changes()
		for _, change := range changes {
			data, err := json.Marshal(change.Value)
			require.NoError(t, err)
			stored[change.Key] = data
		}
		done(true)
	}
	c.Add(call(t, "2026-11-21", 2))
	store()
	c.Add(call(t, "2026-11-21", 1))
	_, done := c.Changes()
	done(false)
	store()
	changes, _ := c.Changes()
	assert.Empty(t, changes)

	again := New(noon.Add(time.Hour))
	for key, value := range stored {
		assert.True(t, again.Read(key, value), key)
	}
	assert.Equal(t, c.Dropped("2026-11-21"), again.Dropped("2026-11-21"))
	assert.Equal(t, 3, again.Dropped("2026-11-21").Reasons[0].Rows)
	for key, value := range map[string]string{"people/x": "{}", keySince: "7", prefix + "monday": "{}", prefix + "2026-11-21": "[]"} {
		assert.False(t, again.Read(key, []byte(value)), key)
	}
}

func TestOldDaysAreForgotten(t *testing.T) {
	c := New(noon)
	for n := range keptDays + 3 {
		c.Add(call(t, proof.DayOf(noon.AddDate(0, 0, n)), 1))
		_, done := c.Changes()
		done(true)
	}
	c.Add(call(t, "2019-01-01", 1))
	assert.Len(t, c.days, keptDays)
	changes, _ := c.Changes()
	assert.Equal(t, []Change{{Key: prefix + "2019-01-01"}}, changes)
}

// Workers keep their counts apart, and each counts those of the others that it has read.
func TestWorkersAddUp(t *testing.T) {
	stored := map[string][]byte{}
	store := func(c *Counter) {
		changes, done := c.Changes()
		for _, change := range changes {
			data, err := json.Marshal(change.Value)
			require.NoError(t, err)
			stored[change.Key] = data
		}
		done(true)
	}
	load := func(c *Counter) {
		for key, value := range stored {
			assert.True(t, c.Read(key, value), key)
		}
	}
	rows := func(c *Counter) int { return c.Dropped("2026-11-21").Reasons[0].Rows }
	alone := New(noon.AddDate(0, 0, -1)) // before there were several
	alone.Add(call(t, "2026-11-21", 1))
	store(alone)
	a, b := New(noon), New(noon)
	a.Own("a")
	b.Own("b")
	load(a)
	a.Add(call(t, "2026-11-21", 2))
	store(a)
	load(b)
	b.Add(call(t, "2026-11-21", 4))
	store(b)
	assert.Equal(t, 7, rows(b))
	for range 2 {
		load(a)
		assert.Equal(t, 7, rows(a))
	}
	a.Add(call(t, "2026-11-21", 8))
	load(a)
	assert.Equal(t, 15, rows(a), "what this one has counted since is not forgotten")
	assert.Equal(t, noon.AddDate(0, 0, -1), a.Dropped("2026-11-21").Since)
}
