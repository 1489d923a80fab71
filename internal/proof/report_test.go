package proof

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var midnight = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

func example() *Report {
	return &Report{
		Version: Version, Receiver: "defender", TenantID: "t1", Day: "2026-11-21", Made: midnight.Add(30 * time.Hour),
		Tables: []Table{
			{Name: "DeviceEvents", Parts: []Part{
				{
					TimeBasis: "ingestion_time", Audits: 25, LastAudit: midnight.Add(25 * time.Hour),
					Counts: Counts{Counted: 100, Delivered: 90, Recovered: 4, RefusedKept: 6},
					Left:   &Left{System: 40, Filter: 3, Counted: midnight.Add(25 * time.Hour)},
				},
				{
					Lane: "backfill", TimeBasis: "event_time", Audits: 1, LastAudit: midnight.Add(26 * time.Hour),
					Counts:     Counts{Counted: 7, Delivered: 7},
					NotAudited: []Gap{{From: midnight.Add(9 * time.Hour), To: midnight.Add(24 * time.Hour), Reason: OutsideLane}},
				},
			}},
			{Name: "Alerts", Parts: []Part{}},
		},
		Journal: Journal{Head: "abc", Entries: 26, Intact: true},
	}
}

func TestText(t *testing.T) {
	r := example()
	r.AddDrops("total_normalize", Drops{Since: midnight, Reasons: []Drop{{Table: "DeviceEvents", Reason: "no_account", Rows: 12}}})
	assert.Equal(t, `defender: report of 2026-11-21 (a day of UTC)
Tenant t1. Made at 2026-11-22T06:00:00Z.

TABLE         BY                    COUNTED    DELIVERED  RECOVERED  REFUSED, KEPT  REFUSED, LOST  MISSING    SET ASIDE  LEFT: SYSTEM  LEFT: FILTER  LAST AUDIT
DeviceEvents  arrival               100        90         4          6              0              0          0          40            3             2026-11-22T01:00:00Z
DeviceEvents  event time, backfill  7          7          0          0              0              0          0          not counted   not counted   2026-11-22T02:00:00Z
Alerts        -                     not known  not known  not known  not known      not known      not known  not known  not known     not known     never audited

Not known, because no complete audit has counted it:
  DeviceEvents by event time, backfill: 09:00:00 to 24:00:00, the table was not read by this lane then
  Alerts: the whole day. It was never audited.

Dropped by processors, known since 2026-11-21T00:00:00Z:
  DeviceEvents by total_normalize, no_account: 12

Journal: intact, 26 entries, head abc
Not all of the day is known.
`, r.Text())
}

func TestMarkdown(t *testing.T) {
	r := example()
	r.Receiver = "defender/<b>|x"
	r.Journal.Intact, r.Journal.Problems = false, []string{"2026-11-21: the day was changed"}
	text := r.Markdown()
	assert.Contains(t, text, `# defender/&lt;b>\|x: report of 2026-11-21`)
	assert.Contains(t, text, "**The journal was changed, so this report proves nothing.**")
	assert.Contains(t, text, "| table | by | counted | delivered |")
	assert.Contains(t, text, "| DeviceEvents | arrival | 100 | 90 | 4 | 6 | 0 | 0 | 0 | 40 | 3 | 2026-11-22T01:00:00Z |")
	assert.Contains(t, text, "## The journal is not what was written\n\n- 2026-11-21: the day was changed\n")
}

func TestJSONReadsBack(t *testing.T) {
	r := example()
	r.AddDrops("total_normalize", Drops{Since: midnight})
	data, err := json.Marshal(r)
	require.NoError(t, err)
	var back Report
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, r, &back)
	assert.Contains(t, string(data), `"counted":100,"delivered":90,"recovered":4,"refused_kept":6,"refused_lost":0,"missing":0,"set_aside":0`)
}

func TestVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Report)
		want   Verdict
	}{
		"all delivered or kept": {func(*Report) {}, Delivered},
		"missing":               {func(r *Report) { r.Tables[0].Parts[0].Missing = 1 }, Undelivered},
		"lost, later on":        {func(r *Report) { r.Tables[0].Parts[1].RefusedLost = 1 }, Undelivered},
		"set aside":             {func(r *Report) { r.Tables[0].Parts[0].SetAside = 1 }, Undelivered},
		"never audited":         {func(r *Report) { r.Tables = append(r.Tables, Table{Name: "Alerts"}) }, Unknown},
		"a gap":                 {func(r *Report) { r.Tables[0].Parts[0].NotAudited = []Gap{{Reason: NotYet}} }, Unknown},
		"a gap, and missing": {func(r *Report) {
			r.Tables[0].Parts[0].NotAudited = []Gap{{Reason: NeverAudited}}
			r.Tables[0].Parts[1].Missing = 1
		}, Undelivered},
		"nothing at all":      {func(r *Report) { r.Tables = nil }, Unknown},
		"changed, whatever":   {func(r *Report) { r.Journal.Intact = false }, Changed},
		"changed and missing": {func(r *Report) { r.Journal.Intact, r.Tables[0].Parts[0].Missing = false, 1 }, Changed},
	} {
		r := example()
		r.Tables = r.Tables[:1]
		c.change(r)
		assert.Equal(t, c.want, r.Verdict(), name)
	}
}

func TestDropsOfTwoProcessors(t *testing.T) {
	r := example()
	r.AddDrops("b", Drops{Since: midnight, Reasons: []Drop{{Table: "X", Reason: "r", Rows: 1}, {Table: "A", Reason: "r", Rows: 2}}})
	r.AddDrops("a", Drops{Since: midnight.Add(time.Hour), Reasons: []Drop{{Table: "X", Reason: "r", Rows: 3}}})
	assert.Equal(t, &Drops{Since: midnight.Add(time.Hour), Reasons: []Drop{
		{"b", "A", "r", 2}, {"a", "X", "r", 3}, {"b", "X", "r", 1},
	}}, r.Drops)
}

func TestDay(t *testing.T) {
	d, err := ParseDay("2026-02-28")
	require.NoError(t, err)
	assert.Equal(t, []Day{"2026-03-01", "2026-02-28"}, []Day{DayOf(d.End()), DayOf(d.End().Add(-1))})
	for _, bad := range []string{"", "2026-02-30", "26-02-01", "2026-02-01T00:00:00Z", "today"} {
		_, err := ParseDay(bad)
		require.ErrorIs(t, err, errDay, bad)
	}
}

func TestTimeOfAPart(t *testing.T) {
	for basis, want := range map[string]string{
		"ingestion_time": "arrival", "event_time": "event time", "last_update": "last update", "another": "another",
	} {
		assert.Equal(t, want, Part{TimeBasis: basis}.by())
	}
}
