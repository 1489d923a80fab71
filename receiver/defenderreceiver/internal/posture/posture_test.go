package posture

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func bodyOf(t *testing.T, raw map[string]any) pcommon.Map {
	t.Helper()
	body := pcommon.NewMap()
	require.NoError(t, body.FromRaw(raw))
	return body
}

func TestScoreOf(t *testing.T) {
	s := ScoreOf(bodyOf(t, map[string]any{
		"id": "t_2026-03-14", "createdDateTime": "2026-03-14T05:06:07Z", "currentScore": "12.5", "maxScore": int64(40), "new": map[string]any{},
		"controlScores":            []any{map[string]any{"controlName": "a", "controlCategory": "Data", "score": 2.5}, "odd", map[string]any{}},
		"averageComparativeScores": []any{map[string]any{"basis": "AllTenants", "averageScore": -1}},
	}))
	assert.Equal(t, Score{
		Day: "2026-03-14", Created: time.Date(2026, 3, 14, 5, 6, 7, 0, time.UTC), Current: 12.5, Max: 40,
		Controls: []ScoredControl{{"a", "Data", 2.5}, {"", "", unknown}}, Peers: []Peer{{"AllTenants", -1}},
	}, s)
	assert.Equal(t, "2026-03-14", ScoreOf(bodyOf(t, map[string]any{"id": "t_2026-03-14"})).Day, "an object without a time")
	first, second := ScoreOf(bodyOf(t, map[string]any{"id": "x"})).Day, ScoreOf(bodyOf(t, map[string]any{"id": "y"})).Day
	assert.NotEqual(t, first, second, "it is known by its content")
	assert.Equal(t, first, ScoreOf(bodyOf(t, map[string]any{"id": "x"})).Day)
}

func TestProfileOf(t *testing.T) {
	update := func(state string, at any) map[string]any {
		return map[string]any{"state": state, "updatedDateTime": at}
	}
	for want, updates := range map[string][]any{
		"Default":    nil,
		"Ignored":    {update("Default", nil), update("Ignored", nil)},
		"ThirdParty": {update("ThirdParty", "2026-01-02T00:00:00Z"), update("Reviewed", "2026-01-01T00:00:00Z"), update("", "2026-01-03T00:00:00Z")},
	} {
		p := ProfileOf(bodyOf(t, map[string]any{"id": "a", "maxScore": 9.0, "deprecated": true, "controlStateUpdates": updates}))
		assert.Equal(t, []any{want, 9.0, true}, []any{p.State, p.Max, p.Deprecated})
	}
	one, other := ProfileOf(bodyOf(t, map[string]any{"id": "a", "title": "x"})), ProfileOf(bodyOf(t, map[string]any{"title": "x", "id": "a"}))
	assert.Equal(t, one.Version, other.Version, "the order of keys means nothing")
	assert.NotEqual(t, one.Version, ProfileOf(bodyOf(t, map[string]any{"id": "a", "title": "y"})).Version)
}

// Categories that nobody has expected do not become series without end.
func TestFiguresAreBounded(t *testing.T) {
	s, sum := Score{Current: 5, Max: 0}, 0.0
	for i := range 300 {
		s.Controls = append(s.Controls, ScoredControl{Name: strconv.Itoa(i), Category: "c" + strconv.Itoa(i), Score: 1})
	}
	s.Controls = append(s.Controls, ScoredControl{Category: "c0", Score: unknown})
	f := FiguresOf(s, []Profile{{ID: "0", Category: "c0", Max: 3, State: "Default"}, {ID: "nobody", Category: "c0", Max: 7, State: "Default"}})
	for _, points := range f.ByCategory {
		sum += points
	}
	assert.Len(t, f.ByCategory, mostValues+1)
	assert.InDelta(t, 300, sum, 0, "none is lost")
	assert.InDelta(t, 3, f.MaxByCategory["c0"], 0, "of controls that the score has")
	assert.Equal(t, map[ControlGroup]int{{"c0", "Default", false}: 2}, f.Controls)
	assert.Negative(t, f.Ratio, "nothing is divided by 0")
}

func TestState(t *testing.T) {
	s := NewState()
	assert.Equal(t, Kept, s.Wanted(noon))
	s.AddDay("2026-03-15", 2)
	assert.Equal(t, Kept, s.Wanted(noon), "until all days were read")
	assert.True(t, s.Complete("2026-03-15"))
	assert.False(t, s.Complete("2026-03-15"))
	assert.Equal(t, 1+again, s.Wanted(noon))
	assert.Equal(t, 21+again, s.Wanted(noon.AddDate(0, 0, 20)))
	assert.Equal(t, Kept, s.Wanted(noon.AddDate(1, 0, 0)))
	assert.Equal(t, 1+again, s.Wanted(noon.AddDate(0, 0, -3)), "a clock that is behind")
	assert.True(t, s.IsLate("2026-03-14"))
	s.AddProfile(Profile{ID: "a", Version: "1"})

	data, err := s.Encode()
	require.NoError(t, err)
	s, err = Decode(data)
	require.NoError(t, err)
	assert.True(t, s.HasDay("2026-03-15"))
	assert.Equal(t, 2, s.Refused("2026-03-15"))
	assert.False(t, s.HasDay("2026-03-14"))
	assert.True(t, s.HasProfile(Profile{ID: "a", Version: "1"}))
	assert.False(t, s.HasProfile(Profile{ID: "a", Version: "2"}))
	assert.Equal(t, 1+again, s.Wanted(noon))
	for _, broken := range []string{"{", `{"version":9}`} {
		_, err := Decode([]byte(broken))
		require.Error(t, err)
	}
}

// What is forgotten is not delivered again, and a day far in the future hides none.
func TestStateForgets(t *testing.T) {
	s := NewState()
	s.AddDay("2099-01-01", 0)
	for ago := range 3 * remembered {
		s.AddDay(noon.AddDate(0, 0, ago-3*remembered).Format(time.DateOnly), 0)
	}
	assert.Len(t, s.days, remembered)
	assert.True(t, s.HasDay(noon.AddDate(0, 0, -3*remembered).Format(time.DateOnly)))
	assert.False(t, s.HasDay("2026-03-15"))
}

func TestBoard(t *testing.T) {
	b := NewBoard[int](time.Hour)
	_, fresh := b.Figures(noon)
	assert.False(t, fresh)
	b.Show(7, noon)
	figure, fresh := b.Figures(noon.Add(3 * time.Hour))
	assert.True(t, fresh)
	assert.Equal(t, 7, figure)
	_, fresh = b.Figures(noon.Add(3*time.Hour + time.Second))
	assert.False(t, fresh, "nobody has confirmed it for long")
}

func TestParseTable(t *testing.T) {
	table, err := ParseTable(strings.NewReader("match,techniques\n# a comment\nLegacy Authentication,T1078.002 T1110\n\"authentication\",T1078;T1110.003\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"T1078.002", "T1110"}, table.TechniquesOf("Block legacy authentication"), "the first line that holds")
	assert.Equal(t, []string{"T1078", "T1110.003"}, table.TechniquesOf("Multifactor AUTHENTICATION"))
	assert.Empty(t, table.TechniquesOf("Passwords"))
	for text, want := range map[string]string{
		"": "first line", "title,techniques\n": "must be `match,techniques`", "match,techniques\nx,T1\n": `line 2: "T1" is no id`,
		"match,techniques\n,T1059\n": "line 2: match is empty", "match,techniques\n\nx,;\n": "line 3: techniques is empty", "match,techniques\nx\n": "wrong number of fields",
	} {
		_, err := ParseTable(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

func TestCovers(t *testing.T) {
	for of, want := range map[string]bool{"T1059": true, "T1059.001": true, "T10590": false, "T105": false, "T1003.001": true, "T1003": false, "T1003.002": false} {
		assert.Equal(t, want, covers([]string{"T1059", "T1003.001"}, of), of)
	}
}

// Whatever the order of versions, each alert counts once, as its newest version says.
func TestControls(t *testing.T) {
	midnight := noon.Truncate(day)
	version := func(id string, created, updated time.Time, techniques ...string) Alert {
		return Alert{ID: id, Created: created, Updated: updated, Severity: "high", Techniques: techniques}
	}
	versions := []Alert{
		version("a", midnight.Add(-time.Hour), noon, "T1059.001", "T1059.003", "T1110"),
		version("a", midnight.Add(-time.Hour), noon.Add(-time.Hour), "T1486"),
		version("b", midnight.Add(-3*day), noon, "T1059"),
		version("at midnight", midnight, noon, "T1059"),
		version("old", midnight.Add(-4*day), noon, "T1059"),
		version("untagged", midnight.Add(-time.Hour), noon),
		{Created: midnight},
		{ID: "no time"},
	}
	table, err := ParseTable(strings.NewReader("match,techniques\nscripts,T1059\nransomware,T1486\n"))
	require.NoError(t, err)
	for shift := range versions {
		c := NewControls(3 * day)
		c.Begin(midnight.Add(-10 * day))
		for i := range versions {
			c.Accept(versions[(i+shift)%len(versions)])
		}
		_, due := c.Count(table, "")
		assert.False(t, due, "there is no score")
		c.Catalog(Score{Day: "2026-03-15", Controls: []ScoredControl{{Name: "s", Score: 4}}}, []Profile{
			{ID: "s", Title: "Block Scripts"}, {ID: "r", Title: "Ransomware"}, {ID: "x", Title: "Scripts", Deprecated: true}, {ID: "y", Title: "Other"},
		})
		_, due = c.Count(table, "")
		assert.False(t, due, "alerts were not read up to the day")
		c.Complete(midnight.Add(lateAlerts))
		counted, due := c.Count(table, "2026-03-14")
		require.True(t, due)
		require.Len(t, counted.Controls, 2)
		assert.Equal(t, []any{2, map[string]int{"high": 2}, map[string]int{"T1059": 1, "T1059.001": 1, "T1059.003": 1}, 4.0},
			[]any{counted.Controls[0].Alerts, counted.Controls[0].BySeverity, counted.Controls[0].Seen, counted.Controls[0].Score})
		assert.Zero(t, counted.Controls[1].Alerts)
		assert.Negative(t, counted.Controls[1].Score)
		assert.Equal(t, []time.Time{midnight.Add(-3 * day), midnight}, []time.Time{counted.From, counted.To})
		_, due = c.Count(table, "2026-03-15")
		assert.False(t, due, "once a day")

		stored, err := c.Changed()
		require.NoError(t, err)
		again := NewControls(3 * day)
		again.Begin(midnight.Add(-day))
		for of, data := range stored {
			if data != nil {
				require.NoError(t, again.Load(of, data))
			}
		}
		again.Complete(noon)
		again.Catalog(c.score, c.profiles)
		counted, _ = again.Count(table, "")
		assert.Equal(t, 1, counted.Controls[0].Alerts, "from when on alerts are known")
		assert.Equal(t, midnight.Add(-day), counted.From)
		nothing, err := again.Changed()
		require.NoError(t, err)
		assert.Empty(t, nothing)
		again.NotStored(stored)
		more, err := again.Changed()
		require.NoError(t, err)
		assert.Len(t, more, len(stored))
	}
	c := NewControls(3 * day)
	c.Accept(versions[0])
	c.Complete(midnight.Add(30 * day))
	changed, err := c.Changed()
	require.NoError(t, err)
	assert.Equal(t, map[string][]byte{"2026-03-14": nil}, changed, "it is forgotten")
	assert.Subset(t, c.Days(noon), []string{"2026-03-16", "2026-03-15", "2026-03-12", "2026-03-11"})
}

// Counts are asked for until all alerts are found, and add up to what there is.
func TestOpenAlerts(t *testing.T) {
	have := map[AlertGroup]int{
		{"high", "new", "microsoftSentinel"}: 3, {"high", "new", "unheard"}: 2, {"low", "inProgress", "microsoftDefenderForEndpoint"}: 1, {"odd", "new", "microsoftSentinel"}: 4,
	}
	asked, fail := 0, error(nil)
	o := OpenAlerts{BySource: true, Count: func(_ context.Context, filter string) (int, error) {
		asked++
		sum := 0
		for group, n := range have {
			holds := strings.Contains(filter, "status eq '"+group.Status+"'") &&
				(!strings.Contains(filter, "severity") || strings.Contains(filter, "severity eq '"+group.Severity+"'")) &&
				(!strings.Contains(filter, "serviceSource") || strings.Contains(filter, "serviceSource eq '"+group.Source+"'"))
			if holds {
				sum += n
			}
		}
		return sum, fail
	}}
	found, err := o.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[AlertGroup]int{
		{"high", "new", "microsoftSentinel"}: 3, {"high", "new", unknownWord}: 2, {unknownWord, "new", unknownWord}: 4,
		{"low", "inProgress", "microsoftDefenderForEndpoint"}: 1,
	}, found)
	delete(have, AlertGroup{"high", "new", "unheard"})
	first := asked
	asked = 0
	found, err = o.Read(t.Context())
	require.NoError(t, err)
	assert.Less(t, asked, first-6, "those that had alerts are asked for first")
	left, known := found[AlertGroup{"high", "new", unknownWord}]
	assert.True(t, known)
	assert.Zero(t, left)

	fail = errors.New("no")
	before := maps.Clone(o.last)
	_, err = o.Read(t.Context())
	require.ErrorIs(t, err, fail)
	assert.Equal(t, before, o.last)

	o.BySource, fail, asked = false, nil, 0
	o.last = nil
	found, err = o.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[AlertGroup]int{{"high", "new", ""}: 3, {unknownWord, "new", ""}: 4, {"low", "inProgress", ""}: 1}, found)
	assert.Equal(t, 9, asked)
}
