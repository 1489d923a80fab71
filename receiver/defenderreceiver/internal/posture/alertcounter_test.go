package posture

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// A version counts as what is new in it: as created with the first one of an alert, as resolved when that came after what
// was known.
func TestAlertCounter(t *testing.T) {
	noon := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	in := noon.Add
	var none time.Time
	for name, c := range map[string]struct {
		created, resolved time.Time
		first             bool
		want              AlertCounts
	}{
		"new":                             {in(time.Minute), none, true, AlertCounts{Created: 1}},
		"new and resolved":                {in(time.Minute), in(2 * time.Minute), true, AlertCounts{Created: 1, Resolved: 1, Times: [11]uint64{1}, Seconds: 60}},
		"of before the start":             {in(-time.Minute), none, true, AlertCounts{}},
		"of before, resolved before":      {in(-time.Hour), in(-time.Minute), true, AlertCounts{}},
		"of before, resolved since":       {in(-time.Hour), in(time.Minute), true, AlertCounts{Resolved: 1, Times: [11]uint64{4: 1}, Seconds: 3660}},
		"updated":                         {in(-time.Hour), none, false, AlertCounts{}},
		"updated, with a late creation":   {in(time.Hour), none, false, AlertCounts{}},
		"resolved":                        {in(-2 * time.Minute), in(3 * time.Minute), false, AlertCounts{Resolved: 1, Times: [11]uint64{1: 1}, Seconds: 300}},
		"resolved with the known version": {in(-time.Minute), noon, false, AlertCounts{}},
		"resolved after months":           {in(-90 * 24 * time.Hour), in(time.Second), false, AlertCounts{Resolved: 1, Times: [11]uint64{10: 1}, Seconds: 90*86400 + 1}},
		"resolved before its creation":    {in(time.Hour), in(time.Second), true, AlertCounts{Created: 1, Resolved: 1, Times: [11]uint64{1}}},
		"resolved, of no known creation":  {none, in(time.Second), true, AlertCounts{Resolved: 1}},
		"nothing is known of it":          {none, none, true, AlertCounts{}},
	} {
		t.Run(name, func(t *testing.T) {
			counter, group := NewAlertCounter(), AlertWords{"high", "truePositive"}
			counter.Accept(AlertVersion{AlertWords: group, Created: c.created, Resolved: c.resolved}, c.first, noon)
			assert.Equal(t, c.want, counter.Counts()[group])
			assert.Equal(t, c.want != AlertCounts{}, len(counter.Counts()) == 1, "what has no counts has no group")
		})
	}
}

// Groups are words of the service, whatever an alert says.
func TestAlertVersionOf(t *testing.T) {
	created, resolved := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 15, 13, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		changes map[string]any
		want    AlertVersion
	}{
		"as it should be":   {nil, AlertVersion{AlertWords{"high", "falsePositive"}, created, resolved}},
		"not classified":    {map[string]any{"classification": nil}, AlertVersion{AlertWords{"high", "unknown"}, created, resolved}},
		"words to come":     {map[string]any{"classification": "a", "severity": "b"}, AlertVersion{AlertWords{"unknownFutureValue", "unknownFutureValue"}, created, resolved}},
		"opened again":      {map[string]any{"status": "inProgress"}, AlertVersion{AlertWords{"high", "falsePositive"}, created, time.Time{}}},
		"no time":           {map[string]any{"resolvedDateTime": nil}, AlertVersion{AlertWords{"high", "falsePositive"}, created, time.Time{}}},
		"no id":             {map[string]any{"id": ""}, AlertVersion{}},
		"no time of update": {map[string]any{"lastUpdateDateTime": nil}, AlertVersion{}},
	} {
		body := map[string]any{
			"id": "da1", "lastUpdateDateTime": resolved.Format(time.RFC3339), "createdDateTime": created.Format(time.RFC3339),
			"resolvedDateTime": resolved.Format(time.RFC3339), "status": "resolved", "severity": "high", "classification": "falsePositive",
		}
		maps.Copy(body, c.changes)
		alert := pcommon.NewMap()
		assert.NoError(t, alert.FromRaw(body))
		assert.Equal(t, c.want, AlertVersionOf(alert), name)
	}
}
