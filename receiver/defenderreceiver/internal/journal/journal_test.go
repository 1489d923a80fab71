package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

const day0 = proof.Day("2026-11-21")

var (
	midnight = day0.Start()
	events   = Lane{Table: "DeviceEvents", TimeBasis: "ingestion_time"}
	logons   = Lane{Table: "DeviceLogonEvents", TimeBasis: "ingestion_time"}
	history  = Lane{Table: "DeviceEvents", Name: "backfill", TimeBasis: "event_time"}
)

// at is a time of day0.
func at(h, m int) time.Time {
	return midnight.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
}

// found are the findings of an audit, by the beginning of their bins.
func found(bins map[time.Time]Tally) map[ledger.Bin]Tally {
	tallies := map[ledger.Bin]Tally{}
	for start, t := range bins {
		tallies[ledger.BinOf(start)] = t
	}
	return tallies
}

func audit(lane Lane, from, to time.Time, bins map[time.Time]Tally) Audit {
	return Audit{Lane: lane, From: from, To: to, Begin: midnight.AddDate(0, 0, -3), Ended: to.Add(time.Minute), Bins: found(bins), Kept: true}
}

func appendAll(t *testing.T, j *Journal, audits ...Audit) {
	t.Helper()
	for _, a := range audits {
		_, err := j.Append(t.Context(), a)
		require.NoError(t, err)
	}
}

func report(t *testing.T, j *Journal, day proof.Day, tables ...string) *proof.Report {
	t.Helper()
	r, err := j.Report(t.Context(), day, tables, at(30, 0))
	require.NoError(t, err)
	for _, table := range r.Tables {
		for _, p := range table.Parts {
			assert.True(t, p.AddUp(), "%+v", p)
		}
	}
	return r
}

// only is the one part of a report.
func only(t *testing.T, r *proof.Report) proof.Part {
	t.Helper()
	require.Len(t, r.Tables, 1)
	require.Len(t, r.Tables[0].Parts, 1)
	return r.Tables[0].Parts[0]
}

func TestNewerAuditsReplaceOlderOnes(t *testing.T) {
	j := New(collector.NewStorage(), "Tenant")
	appendAll(t, j,
		audit(events, at(0, 0), at(10, 2), map[time.Time]Tally{at(9, 0): {Matched: 5, Missing: 2}, at(10, 0): {Matched: 1}}),
		audit(events, at(0, 0), at(11, 0), map[time.Time]Tally{at(9, 0): {Matched: 5, Recovered: 2}, at(10, 0): {Matched: 4, Recovered: 1}}),
		// What was recovered was delivered before the next audit, and stays recovered.
		audit(events, at(0, 0), at(12, 0), map[time.Time]Tally{at(9, 0): {Matched: 7}, at(10, 0): {Matched: 5, Recovered: 2}}),
	)
	p := only(t, report(t, j, day0))
	assert.Equal(t, proof.Counts{Counted: 14, Delivered: 9, Recovered: 5}, p.Counts)
	assert.Equal(t, 3, p.Audits)
	assert.Equal(t, at(12, 1), p.LastAudit)
	assert.Equal(t, []proof.Gap{{From: at(12, 0), To: at(24, 0), Reason: proof.NotYet}}, p.NotAudited)
}

// A bin of which more is known than an audit has counted keeps what is known.
func TestACutBinDoesNotReplaceAWholeOne(t *testing.T) {
	j := New(collector.NewStorage(), "t")
	appendAll(t, j,
		audit(events, at(9, 0), at(10, 5), map[time.Time]Tally{at(10, 0): {Matched: 4}}),
		audit(events, at(9, 0), at(10, 2), map[time.Time]Tally{at(10, 0): {Matched: 1}}),
	)
	assert.Equal(t, 4, only(t, report(t, j, day0)).Delivered)
}

// Two ranges that share a bin and no instant of it add up.
func TestPartsOfABinAddUp(t *testing.T) {
	j := New(collector.NewStorage(), "t")
	appendAll(t, j,
		audit(history, at(10, 2), at(24, 0), map[time.Time]Tally{at(10, 0): {Matched: 4}}),
		audit(history, at(0, 0), at(10, 2), map[time.Time]Tally{at(10, 0): {Matched: 1}, at(1, 0): {Refused: 1}}),
	)
	p := only(t, report(t, j, day0))
	assert.Equal(t, proof.Counts{Counted: 6, Delivered: 5, RefusedKept: 1}, p.Counts)
	assert.Empty(t, p.NotAudited)
}

func TestAnAuditOfTwoDays(t *testing.T) {
	j := New(collector.NewStorage(), "t")
	appendAll(t, j, audit(events, at(12, 0), at(36, 0), map[time.Time]Tally{at(23, 55): {Matched: 1}, at(24, 0): {Matched: 2}}))
	p := only(t, report(t, j, day0))
	assert.Equal(t, 1, p.Counted)
	assert.Equal(t, []proof.Gap{{From: at(0, 0), To: at(12, 0), Reason: proof.NeverAudited}}, p.NotAudited)
	next := only(t, report(t, j, "2026-11-22"))
	assert.Equal(t, 2, next.Counted)
	assert.Equal(t, []proof.Gap{{From: at(36, 0), To: at(48, 0), Reason: proof.NotYet}}, next.NotAudited)
	assert.Empty(t, report(t, j, "2026-11-20").Tables)
}

// After a pause longer than the window, the audits have a hole. The end of the day before it is not "not yet".
func TestAHoleBetweenAudits(t *testing.T) {
	j := New(collector.NewStorage(), "t")
	appendAll(t, j, audit(events, at(0, 0), at(10, 0), nil), audit(events, at(14, 0), at(20, 0), nil), audit(events, at(40, 0), at(50, 0), nil))
	assert.Equal(t, []proof.Gap{
		{From: at(10, 0), To: at(14, 0), Reason: proof.NeverAudited}, {From: at(20, 0), To: at(24, 0), Reason: proof.NeverAudited},
	}, only(t, report(t, j, day0)).NotAudited)
}

func TestATableThatWasNeverAudited(t *testing.T) {
	j := New(collector.NewStorage(), "t")
	r := report(t, j, day0, "DeviceEvents", "Alerts")
	assert.Equal(t, []proof.Table{{Name: "DeviceEvents", Parts: []proof.Part{}}, {Name: "Alerts", Parts: []proof.Part{}}}, r.Tables)
	assert.Equal(t, proof.Journal{Intact: true}, r.Journal)
	assert.Equal(t, proof.Unknown, r.Verdict())
	assert.Empty(t, r.Journal.Head)
}

func TestTheTimeBeforeALanesBeginning(t *testing.T) {
	j := New(collector.NewStorage(), "t")
	a := audit(events, at(10, 0), at(24, 0), nil)
	a.Begin = at(9, 30)
	appendAll(t, j, a)
	assert.Equal(t, []proof.Gap{
		{From: at(0, 0), To: at(9, 30), Reason: proof.OutsideLane}, {From: at(9, 30), To: at(10, 0), Reason: proof.NeverAudited},
	}, only(t, report(t, j, day0)).NotAudited)
}

// History ends at the live start. Rows of it may claim a later time; days without such rows are none of history's.
func TestHistory(t *testing.T) {
	j := New(collector.NewStorage(), "t")
	a := audit(history, at(0, 0), at(12, 0), map[time.Time]Tally{at(5, 0): {Matched: 3}})
	ahead := audit(history, at(12, 0), at(30*24, 0), map[time.Time]Tally{at(50, 0): {Matched: 1}})
	a.End, ahead.End = at(12, 0), at(12, 0)
	appendAll(t, j, a, ahead, audit(events, at(12, 0), at(24, 0), map[time.Time]Tally{at(13, 0): {Matched: 2}}))
	r := report(t, j, day0)
	require.Len(t, r.Tables, 1)
	require.Len(t, r.Tables[0].Parts, 2)
	assert.Equal(t, []int{2, 3}, []int{r.Tables[0].Parts[0].Counted, r.Tables[0].Parts[1].Counted}, "the live lane comes first")
	assert.Empty(t, r.Tables[0].Parts[1].NotAudited)
	assert.Empty(t, report(t, j, "2026-11-22").Tables)
	assert.Equal(t, 1, only(t, report(t, j, "2026-11-23")).Counted)
}

func TestRefusedRowsStayWhatTheyWere(t *testing.T) {
	j := New(collector.NewStorage(), "t")
	lost := audit(events, at(0, 0), at(1, 0), map[time.Time]Tally{at(0, 0): {Refused: 2}})
	lost.Kept = false
	kept := audit(events, at(0, 0), at(2, 0), map[time.Time]Tally{at(0, 0): {Matched: 1, Refused: 3}})
	appendAll(t, j, lost, kept)
	assert.Equal(t, proof.Counts{Counted: 4, Delivered: 1, RefusedLost: 2, RefusedKept: 1}, only(t, report(t, j, day0)).Counts)
	lost.Bins = kept.Bins
	appendAll(t, j, lost)
	assert.Equal(t, proof.Counts{Counted: 4, Delivered: 1, RefusedLost: 2, RefusedKept: 1}, only(t, report(t, j, day0)).Counts)
}

func TestWhatWasLeftOnTheServer(t *testing.T) {
	j, left := New(collector.NewStorage(), "t"), proof.Left{System: 7, Filter: 1, Counted: at(25, 0)}
	appendAll(t, j, audit(events, at(0, 0), at(24, 0), map[time.Time]Tally{at(0, 0): {Matched: 2}}))
	_, lacks, err := j.LacksLeft(t.Context(), logons, day0)
	require.NoError(t, err)
	assert.False(t, lacks, "it was not audited")
	from, lacks, err := j.LacksLeft(t.Context(), events, day0)
	require.NoError(t, err)
	assert.True(t, lacks)
	assert.Equal(t, at(0, 0), from)
	require.NoError(t, j.SetLeft(t.Context(), events, day0, left))
	_, lacks, err = j.LacksLeft(t.Context(), events, day0)
	require.NoError(t, err)
	assert.False(t, lacks)
	p := only(t, report(t, j, day0))
	assert.Equal(t, &left, p.Left)
	assert.Equal(t, 2, p.Counted)
	assert.Equal(t, 1, p.Audits)
}

// A range that is read long after its day's last audit is not set aside any more.
func TestARangeThatIsReadLater(t *testing.T) {
	for name, c := range map[string]struct {
		recall Recall
		want   proof.Counts
	}{
		"read": {
			Recall{Bins: found(map[time.Time]Tally{at(10, 0): {Recovered: 2}, at(10, 5): {Recovered: 1, Refused: 1}})},
			proof.Counts{Counted: 9, Delivered: 3, Recovered: 4, RefusedLost: 1, SetAside: 1},
		},
		"refused and kept": {
			Recall{Kept: true, Bins: found(map[time.Time]Tally{at(10, 5): {Refused: 3}})},
			proof.Counts{Counted: 9, Delivered: 3, Recovered: 1, RefusedKept: 2, SetAside: 3},
		},
		"gone": {
			Recall{Gone: true, Bins: found(map[time.Time]Tally{at(10, 0): {Recovered: 1}})},
			proof.Counts{Counted: 9, Delivered: 3, Recovered: 2, Missing: 3, SetAside: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := New(collector.NewStorage(), "t")
			c.recall.Lane, c.recall.From, c.recall.To = events, at(10, 1), at(10, 7)
			require.NoError(t, j.Recall(t.Context(), c.recall), "no audit has counted it")
			assert.Empty(t, report(t, j, day0).Tables)
			appendAll(t, j, audit(events, at(0, 0), at(24, 0), map[time.Time]Tally{
				at(10, 0): {Matched: 3, SetAside: 2}, at(10, 5): {Recovered: 1, SetAside: 2}, at(20, 0): {SetAside: 1},
			}))
			require.NoError(t, j.Recall(t.Context(), c.recall))
			p := only(t, report(t, j, day0))
			assert.Equal(t, c.want, p.Counts)
			assert.Equal(t, 1, p.Audits)
		})
	}
}

// A process that ends at any moment leaves a journal that is intact, with what was written before.
func TestARestart(t *testing.T) {
	stored := collector.NewStorage()
	j := New(stored, "t")
	appendAll(t, j, audit(events, at(0, 0), at(1, 0), map[time.Time]Tally{at(0, 0): {Matched: 1}}))
	stored.Fail(assert.AnError)
	_, err := j.Append(t.Context(), audit(logons, at(0, 0), at(1, 0), nil))
	require.ErrorIs(t, err, assert.AnError)
	r := report(t, New(stored.Snapshot(), "t"), day0)
	assert.Equal(t, 1, only(t, r).Counted)
	assert.True(t, r.Journal.Intact, r.Journal.Problems)
	assert.Equal(t, 1, r.Journal.Entries)
}

// Each audit has a part in the head's hash, even one that another has replaced, and their order.
func TestTheHeadStandsForAllAudits(t *testing.T) {
	a := audit(events, at(0, 0), at(1, 0), map[time.Time]Tally{at(0, 0): {Matched: 1}})
	b := audit(events, at(0, 0), at(1, 0), map[time.Time]Tally{at(0, 0): {Matched: 2}})
	last := audit(events, at(0, 0), at(2, 0), nil)
	// What these count of a bin that their end cuts is not gone on with, because more is known of it.
	cut := audit(events, at(0, 0), at(0, 32), map[time.Time]Tally{at(0, 30): {Matched: 1}})
	otherCut := audit(events, at(0, 0), at(0, 32), map[time.Time]Tally{at(0, 30): {Matched: 2}})
	heads := map[string]bool{}
	for _, audits := range [][]Audit{{a, b, last}, {b, a, last}, {a, a, last}, {a, last}, {last}, {a, cut}, {a, otherCut}} {
		j := New(collector.NewStorage(), "t")
		appendAll(t, j, audits...)
		heads[report(t, j, day0).Journal.Head] = true
	}
	assert.Len(t, heads, 7)
}

func TestAChangedJournalShows(t *testing.T) {
	const head, day, part = "journal/v1/t/head", "journal/v1/t/day/2026-11-21", "journal/v1/t/part/2026-11-21/DeviceEvents/live/ingestion_time"
	const nextDay, nextPart = "journal/v1/t/day/2026-11-22", "journal/v1/t/part/2026-11-22/DeviceEvents/live/ingestion_time"
	const otherPart = "journal/v1/t/part/2026-11-21/DeviceLogonEvents/live/ingestion_time"
	replace := func(key, before, after string) func(context.Context, *collector.Storage) error {
		return func(ctx context.Context, m *collector.Storage) error {
			data, err := m.Get(ctx, key)
			if err == nil && !strings.Contains(string(data), before) {
				err = fmt.Errorf("%s has no %s: %s", key, before, data)
			}
			if err != nil {
				return err
			}
			return m.Set(ctx, key, []byte(strings.Replace(string(data), before, after, 1)))
		}
	}
	exchange := func(a, b string) func(context.Context, *collector.Storage) error {
		return func(ctx context.Context, m *collector.Storage) error {
			one, _ := m.Get(ctx, a)
			other, _ := m.Get(ctx, b)
			if err := m.Set(ctx, a, other); err != nil {
				return err
			}
			return m.Set(ctx, b, one)
		}
	}
	remove := func(keys ...string) func(context.Context, *collector.Storage) error {
		return func(ctx context.Context, m *collector.Storage) error {
			for _, key := range keys {
				if err := m.Delete(ctx, key); err != nil {
					return err
				}
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		change func(context.Context, *collector.Storage) error
		says   string
	}{
		"a part is changed":             {replace(part, `"audits":1`, `"audits":2`), "2026-11-21: the entry of DeviceEvents/live/ingestion_time was changed"},
		"a part is garbage":             {replace(part, `{`, ``), "2026-11-21: the entry of DeviceEvents/live/ingestion_time cannot be read"},
		"a part is removed":             {remove(part), "2026-11-21: the entry of DeviceEvents/live/ingestion_time was removed"},
		"parts of two days exchanged":   {exchange(part, nextPart), "2026-11-21: the entry of DeviceEvents/live/ingestion_time was exchanged with that of DeviceEvents/live/ingestion_time on 2026-11-22"},
		"parts of two tables exchanged": {exchange(part, otherPart), "2026-11-21: the entry of DeviceEvents/live/ingestion_time was exchanged with that of DeviceLogonEvents"},
		"a day is changed":              {replace(day, `DeviceLogonEvents`, `DeviceFileEvents`), "2026-11-21: the day was changed"},
		"a day is removed":              {remove(day), "2026-11-21: the day was removed"},
		"a day with its parts":          {remove(day, part, otherPart), "2026-11-21: the day was removed"},
		"two days exchanged":            {exchange(day, nextDay), "2026-11-21: the day was changed"},
		"another day":                   {replace(nextPart, `"audits":1`, `"audits":2`), "2026-11-22: the entry of DeviceEvents/live/ingestion_time was changed"},
		"the head is changed":           {replace(head, `"entries":3`, `"entries":2`), "the head was changed"},
		"a day taken out of the head":   {replace(head, `"2026-11-21"`, `"2026-11-20"`), "the head was changed"},
		"the head is garbage":           {replace(head, `{`, ``), "the head cannot be read"},
		"the head is removed":           {remove(head), "the head was removed"},
	} {
		t.Run(name, func(t *testing.T) {
			stored := collector.NewStorage()
			j := New(stored, "t")
			one := map[time.Time]Tally{at(0, 0): {Matched: 1}}
			appendAll(t, j, audit(events, at(0, 0), at(24, 0), one), audit(logons, at(0, 0), at(24, 0), one),
				audit(events, at(24, 0), at(25, 0), nil))
			require.True(t, report(t, j, day0).Journal.Intact)
			require.NoError(t, c.change(t.Context(), stored))
			r, err := j.Report(t.Context(), day0, nil, at(30, 0))
			require.NoError(t, err)
			assert.False(t, r.Journal.Intact)
			assert.Equal(t, proof.Changed, r.Verdict())
			assert.Contains(t, strings.Join(r.Journal.Problems, "\n"), c.says)

			// The next audits do not hide it.
			appendAll(t, j, audit(events, at(0, 0), at(25, 0), one), audit(logons, at(0, 0), at(25, 0), one))
			r, err = j.Report(t.Context(), day0, nil, at(30, 0))
			require.NoError(t, err)
			assert.False(t, r.Journal.Intact)
			assert.Contains(t, strings.Join(r.Journal.Problems, "\n"), c.says)
		})
	}
}

// The journal of a table takes less than 1.5 megabytes in 13 months, whatever is counted. Older days leave it.
func TestTheJournalIsBounded(t *testing.T) {
	stored := collector.NewStorage()
	j := New(stored, "t")
	full := map[ledger.Bin]Tally{}
	for n := range 430 {
		from := midnight.AddDate(0, 0, n)
		clear(full)
		for bin := ledger.BinOf(from); bin.Start().Before(from.AddDate(0, 0, 1)); bin++ {
			full[bin] = Tally{Matched: 4000, Recovered: 300}
		}
		appendAll(t, j, Audit{Lane: events, From: from, To: from.AddDate(0, 0, 1), Begin: midnight, Ended: from.AddDate(0, 0, 1), Bins: full})
	}
	size, keys := 0, 0
	require.NoError(t, stored.Walk(t.Context(), func(key string, value []byte) ([]*storage.Operation, error) {
		size, keys = size+len(key)+len(value), keys+1
		return nil, nil
	}))
	assert.Equal(t, 2*keptDays+1, keys)
	assert.Less(t, size, 1_500_000)
	t.Logf("%d bytes for a table", size)
	r := report(t, j, proof.DayOf(midnight.AddDate(0, 0, 31)))
	assert.True(t, r.Journal.Intact, r.Journal.Problems)
	assert.Equal(t, 288*4300, only(t, r).Counted)
	assert.Empty(t, report(t, j, proof.DayOf(midnight.AddDate(0, 0, 29))).Tables)
}

// A clock that is years ahead for a moment does not empty the journal.
func TestAWrongClockTakesFewDaysAway(t *testing.T) {
	stored := collector.NewStorage()
	j := New(stored, "t")
	for n := range 30 {
		appendAll(t, j, audit(events, at(24*n, 0), at(24*n+24, 0), nil))
	}
	appendAll(t, j, audit(events, at(24*4000, 0), at(24*4000+1, 0), nil))
	data, err := stored.Get(t.Context(), j.headKey())
	require.NoError(t, err)
	h, intact, err := decodeHead(data)
	require.NoError(t, err)
	assert.True(t, intact)
	assert.Len(t, h.Days, 31-leavingDays)
}

// What a later release has written is not overwritten.
func TestAnotherVersionIsLeftAlone(t *testing.T) {
	for _, key := range []string{"head", "day/2026-11-21", "part/2026-11-21/DeviceEvents/live/ingestion_time"} {
		stored := collector.NewStorage()
		j := New(stored, "t")
		a := audit(events, at(0, 0), at(1, 0), nil)
		appendAll(t, j, a)
		require.NoError(t, stored.Set(t.Context(), "journal/v1/t/"+key, []byte(`{"version": 2, "day": "2026-11-21"}`)))
		_, err := j.Append(t.Context(), a)
		require.ErrorIs(t, err, errVersion, key)
		_, err = j.Report(t.Context(), day0, nil, at(1, 0))
		require.ErrorIs(t, err, errVersion, key)
	}
}

func TestBins(t *testing.T) {
	b := bins{}
	for place := range binsOfDay {
		c := proof.Counts{
			Delivered: place, Recovered: place % 2, RefusedKept: place % 3, RefusedLost: place % 5, Missing: place % 7, SetAside: place << 30,
		}
		c.Counted = c.Delivered + c.Recovered + c.Refused() + c.Missing + c.SetAside
		if c.Counted > 0 {
			b[place] = c
		}
	}
	data := b.encode()
	decoded, err := decodeBins(data)
	require.NoError(t, err)
	assert.Equal(t, b, decoded)
	for _, broken := range [][]byte{data[:len(data)-1], {255}, {1}, {0xa0, 0x02, 0}} {
		_, err := decodeBins(broken)
		require.ErrorIs(t, err, errBins)
	}
}

func FuzzStoredForms(f *testing.F) {
	f.Add([]byte(`{"version":1,"day":"2026-11-21","bins":"AAEB"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := decodePart(data); err == nil {
			_ = p.apply(audit(events, at(0, 0), at(1, 0), nil))
			_, _ = p.report(false)
		}
		_, _, _ = decodeHead(data)
		_, _ = decodeDay(data)
		_, err := json.Marshal(bins{})
		require.NoError(t, err)
	})
}
