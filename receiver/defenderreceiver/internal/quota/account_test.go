package quota

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// share is the default quota's half.
var share = Limits{
	Requests: []Limit{{time.Minute, 22}, {time.Hour, 750}},
	CPU:      []Limit{{15 * time.Minute, 75}, {time.Hour, 300}, {24 * time.Hour, 7200}},
}

func TestShare(t *testing.T) {
	assert.InDelta(t, 22, Limit{time.Minute, 45}.Share(0.5).Amount, 0)
	assert.InDelta(t, 1, Limit{time.Minute, 1}.Share(0.5).Amount, 0)
}

func TestTheSmallerLimitCounts(t *testing.T) {
	other := Limits{Requests: []Limit{{time.Minute, 30}, {time.Hour, 100}}, CPU: []Limit{{time.Hour, 7}}}
	assert.Equal(t, Limits{
		Requests: []Limit{{time.Minute, 22}, {time.Hour, 100}},
		CPU:      []Limit{{15 * time.Minute, 75}, {time.Hour, 7}, {24 * time.Hour, 7200}},
	}, share.Smaller(other))
}

// What is under way does not leave a window: until it is known what it has cost, nothing more fits.
func TestWhatIsUnderWayCounts(t *testing.T) {
	now := time.Now()
	a := NewAccount(Limits{CPU: []Limit{{time.Hour, 10}}}, now)
	a.Request("r", now, Paced, 6*time.Second)
	_, known := a.FreeAt(now, Urgent, 6*time.Second)
	assert.False(t, known)
	a.Charge("r", now, Paced, 6*time.Second, 3*time.Second)
	free, known := a.FreeAt(now, Urgent, 6*time.Second)
	assert.True(t, known)
	assert.False(t, free.After(now))
}

// What is sent as soon as it may stays within every rolling window, whatever it costs and whoever
// sends it.
func TestNoWindowIsOverspent(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		now := time.Now()
		a := NewAccount(share, now)
		var requests, cpu []expense
		for range 2000 {
			expected := time.Duration(random.IntN(9000)) * time.Millisecond
			free, known := a.FreeAt(now, Class(random.IntN(4)), expected)
			require.True(t, known)
			if free.After(now) {
				now = free
			}
			if still, _ := a.FreeAt(now, Urgent, expected); still.After(now) {
				t.Fatal("what may be sent patiently may be sent")
			}
			a.Request("r", now, Paced, expected)
			a.Charge("r", now, Paced, expected, expected)
			requests, cpu = append(requests, expense{at: now, amount: 1}), append(cpu, expense{at: now, amount: expected.Seconds()})
			now = now.Add(time.Duration(random.IntN(3000)) * time.Millisecond)
		}
		for _, limit := range share.Requests {
			assert.LessOrEqual(t, most(requests, limit.Window), limit.Amount)
		}
		for _, limit := range share.CPU {
			assert.LessOrEqual(t, most(cpu, limit.Window), limit.Amount+1e-3)
		}
		assert.Zero(t, a.underWay)
	}
}

// most is the most that was spent in any window of a length.
func most(spent []expense, length time.Duration) float64 {
	greatest, sum, from := 0.0, 0.0, 0
	for _, e := range spent {
		sum += e.amount
		for !spent[from].at.After(e.at.Add(-length)) {
			sum -= spent[from].amount
			from++
		}
		greatest = max(greatest, sum)
	}
	return greatest
}

// Queries that are not urgent leave room for urgent ones at any time.
func TestUrgentQueriesFindRoom(t *testing.T) {
	now := time.Now()
	a := NewAccount(share, now)
	const cost = 2 * time.Second
	waited, urgent := time.Duration(0), now
	for end := now.Add(3 * time.Hour); now.Before(end); {
		if !now.Before(urgent) {
			free, _ := a.FreeAt(now, Urgent, cost)
			if free.After(now) {
				waited = max(waited, free.Sub(now))
				now = free
			}
			a.Request("r", now, Urgent, cost)
			a.Charge("r", now, Urgent, cost, cost)
			urgent = urgent.Add(time.Minute)
			continue
		}
		free, _ := a.FreeAt(now, Paced, cost)
		if free.After(urgent) {
			now = urgent
			continue
		}
		if free.After(now) {
			now = free
		}
		a.Request("r", now, Paced, cost)
		a.Charge("r", now, Paced, cost, cost)
	}
	assert.LessOrEqual(t, waited, 30*time.Second)
	assert.Greater(t, a.Uses(now)[3].Ratio(), 0.8, "and the hour is used")
}

// A restored account has spent no less than the one that was stored, at any time after.
func TestARecordForgetsNothing(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 2))
		now := time.Now()
		a := NewAccount(share, now)
		for range random.IntN(800) {
			a.Request("r", now, Paced, 0)
			a.Charge("r", now, Paced, 0, time.Duration(random.IntN(5000))*time.Millisecond)
			now = now.Add(time.Duration(random.IntN(120)) * time.Second)
			if random.IntN(50) == 0 {
				a.Record("r", now)
			}
		}
		record := a.Record("r", now)
		data, err := record.Encode()
		require.NoError(t, err)
		record, err = Decode(data)
		require.NoError(t, err)
		assert.Less(t, len(data), 10_000, "it is written every few requests")
		down := time.Duration(random.IntN(600)) * time.Second
		now = now.Add(down)
		b := NewAccount(share, now)
		b.Restore("r", record, down, now)
		for range 100 {
			before, after := a.Uses(now), b.Uses(now)
			for i := range before {
				assert.GreaterOrEqual(t, after[i].Spent+1e-6, before[i].Spent, "%s in %s", before[i].Resource, before[i].Limit.Window)
				assert.LessOrEqual(t, after[i].Spent, totals(record)[before[i].Resource]+1e-6)
			}
			now = now.Add(20 * time.Minute)
		}
		for _, use := range b.Uses(now) {
			assert.Zero(t, use.Spent, "in the end all is forgotten")
		}
	}
}

func totals(r Record) map[string]float64 {
	sum := map[string]float64{}
	for _, s := range r.Spent {
		sum["requests"] += float64(s.Requests)
		sum["cpu"] += s.CPU.Seconds()
	}
	return sum
}

func TestShiftMovesOnlyWhatWasRestored(t *testing.T) {
	now := time.Now()
	a := NewAccount(share, now)
	a.Restore("r", Record{Spent: []Spent{{Age: 10 * time.Minute, Cost: Cost{Requests: 5}}}, Reserve: Cost{Requests: 2}}, 2*time.Hour, now)
	require.InDelta(t, 2, a.Uses(now)[1].Spent, 0, "the five are older than an hour")
	a.Shift("r", now, 2*time.Hour-time.Minute, now)
	assert.InDelta(t, 7, a.Uses(now)[1].Spent, 0)
	a.Shift("r", now, 24*time.Hour, now)
	assert.InDelta(t, 7, a.Uses(now)[0].Spent, 0, "none is moved into the future")
	assert.Zero(t, a.Uses(now.Add(time.Hour))[1].Spent)
}

func TestBadRecords(t *testing.T) {
	for name, data := range map[string]string{
		"empty":               ``,
		"no JSON":             `{`,
		"version":             `{"version":2,"at":"2026-01-01T00:00:00Z"}`,
		"no time":             `{"version":1}`,
		"negative":            `{"version":1,"at":"2026-01-01T00:00:00Z","spent":[[0,-1,0]]}`,
		"more spare than all": `{"version":1,"at":"2026-01-01T00:00:00Z","spent":[[0,1,5,2,5]]}`,
		"too much":            `{"version":1,"at":"2026-01-01T00:00:00Z","spent":[[0,1,9999999999999]]}`,
	} {
		_, err := Decode([]byte(data))
		assert.Error(t, err, name)
	}
	r, err := Decode([]byte(`{"version":1,"at":"2026-01-01T00:00:00Z","blocked_ms":86400000,"spent":[[1,1,1],[50,2,2]]}`))
	require.NoError(t, err)
	assert.Equal(t, 15*time.Minute, r.BlockedFor)
	assert.Equal(t, 50*time.Second, r.Spent[0].Age)
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version":1,"at":"2026-01-01T00:00:00Z","reserved_requests":5,"spent":[[0,1,250],[60,2,0]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Decode(data)
		if err != nil {
			return
		}
		now := time.Now()
		a := NewAccount(share, now)
		a.Restore("r", r, time.Minute, now)
		for _, use := range a.Uses(now) {
			assert.False(t, use.Spent < 0 || math.IsNaN(use.Spent))
		}
		free, known := a.FreeAt(now, Urgent, 0)
		assert.True(t, known)
		assert.False(t, free.After(now.Add(25*time.Hour)))
	})
}

// History leaves what all others are known to need, does not slow them down, and is told apart from them over a
// restart.
func TestSpareQueriesTakeWhatIsLeft(t *testing.T) {
	limits := Limits{CPU: []Limit{{15 * time.Minute, 75}, {time.Hour, 300}}}
	free := func(a *Account, now time.Time, class Class) bool {
		at, known := a.FreeAt(now, class, time.Second)
		return known && !at.After(now)
	}
	for needed, spare := range map[int]int{0: 65, 30: 35, 60: 5} {
		now := time.Now()
		a := NewAccount(limits, now)
		got := 0
		for i := range 3600 {
			now = now.Add(time.Second)
			if needed > 0 && i%(900/needed) == 0 {
				assert.True(t, free(a, now, Unpaced), "others do not wait, after %d s, needing %d", i, needed)
				a.Charge("r", now, Paced, 0, time.Second)
			}
			if i > 1800 && free(a, now, Spare) {
				a.Charge("r", now, Spare, 0, time.Second)
				got++
			}
		}
		assert.InDelta(t, 2*spare, got, 6, "others need %d", needed)
		a.Uses(now)
		data, err := a.Record("r", now).Encode()
		require.NoError(t, err)
		record, err := Decode(data)
		require.NoError(t, err)
		b := NewAccount(limits, now)
		b.Restore("r", record, time.Second, now)
		before, after := a.cpu[1].parts, b.cpu[1].parts
		assert.InDelta(t, before[Paced].sum, after[Urgent].sum, 5, "what was needed")
		assert.InDelta(t, before[Spare].sum, after[Spare].sum, 5)
	}
}

// Polls come in bursts, and two bursts may fall into one window. History leaves room for them, and what they have to
// wait is what they would wait without it.
func TestBurstsFindRoomBesideSpareQueries(t *testing.T) {
	const cost, queries = 2 * time.Second, 12
	waits := func(history bool) (longest, all time.Duration, spare int) {
		now := time.Now()
		start := now
		a := NewAccount(share, now)
		free := func(class Class) bool {
			at, known := a.FreeAt(now, class, cost)
			return known && !at.After(now)
		}
		waiting, burst := 0, start
		for now.Sub(start) < 12*time.Hour {
			now = now.Add(cost)
			if now.After(burst) {
				waiting, burst = waiting+queries, burst.Add(14*time.Minute)
			}
			switch {
			case waiting > 0 && free(Paced):
				a.Charge("r", now, Paced, 0, cost)
				waiting--
				if wait := now.Sub(burst.Add(-14 * time.Minute)); now.Sub(start) > 2*time.Hour {
					longest, all = max(longest, wait), all+wait
				}
			case waiting == 0 && history && free(Spare):
				a.Charge("r", now, Spare, 0, cost)
				spare++
			}
		}
		return longest, all, spare
	}
	alone, allAlone, _ := waits(false)
	beside, allBeside, spare := waits(true)
	t.Logf("the last of a burst waits %s, beside history %s, all together %s and %s; %s of history an hour",
		alone, beside, allAlone, allBeside, time.Duration(spare)*cost/12)
	assert.LessOrEqual(t, beside, alone)
	assert.LessOrEqual(t, allBeside, allAlone)
	assert.Greater(t, spare, 500)
}

// What urgent queries are known to need is left to them, and a part of it to the others all the same.
func TestOthersLeaveWhatUrgentQueriesNeed(t *testing.T) {
	for needed, others := range map[int]int{0: 70, 40: 30, 70: 9} {
		now := time.Now()
		a := NewAccount(Limits{CPU: []Limit{{15 * time.Minute, 75}}}, now)
		for i := range needed {
			now = now.Add(15 * time.Minute / time.Duration(needed))
			if i >= 10 {
				// They began a while after the window: their rate counts, not their sum.
				a.Charge("r", now, Urgent, 0, time.Second)
			}
		}
		most := 0
		for free, _ := a.FreeAt(now, Unpaced, time.Second); !free.After(now); free, _ = a.FreeAt(now, Unpaced, time.Second) {
			assert.Equal(t, needed < 70 || most < 9, a.Leaves(now, time.Second))
			a.Charge("r", now, Paced, 0, time.Second)
			most++
		}
		assert.InDelta(t, others, most, 3, "urgent queries need %d", needed)
	}
}
