package pivot

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var (
	laptop = strings.Repeat("a1", 20)
	server = strings.Repeat("b2", 20)
)

const evidenceType = "#microsoft.graph.security."

func someTables(names ...string) []*tables.Table {
	var list []*tables.Table
	for _, name := range names {
		t, _ := tables.ByName(name)
		list = append(list, t)
	}
	return list
}

func rules() Rules {
	return Rules{
		MinSeverity: "low", Delays: []time.Duration{10 * time.Minute, time.Hour}, Before: 5 * time.Minute, After: 30 * time.Minute,
		Tables: someTables("DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents", "DeviceLogonEvents"), MaxRows: 500,
		Fallback: []Relation{OfParent, OfFile, Network, OfUser, OfDevice},
	}
}

// alertWith is an alert of noon with pieces of evidence.
func alertWith(t *testing.T, evidence ...map[string]any) Alert {
	t.Helper()
	items := []any{}
	for _, e := range evidence {
		items = append(items, e)
	}
	body := pcommon.NewMap()
	require.NoError(t, body.FromRaw(map[string]any{
		"id": "da1", "incidentId": "7", "severity": "high", "createdDateTime": noon.Format(time.RFC3339),
		"firstActivityDateTime": noon.Format(time.RFC3339), "lastActivityDateTime": noon.Add(time.Second).Format(time.RFC3339), "evidence": items,
	}))
	return AlertOf(body)
}

func process(device any, id int64, created time.Time) map[string]any {
	return map[string]any{
		"@odata.type": evidenceType + "processEvidence", "mdeDeviceId": device, "processId": id,
		"processCreationDateTime": created.Format(time.RFC3339Nano),
	}
}

func machine(id any, platform string) map[string]any {
	return map[string]any{"@odata.type": evidenceType + "deviceEvidence", "mdeDeviceId": id, "osPlatform": platform}
}

func row(t *testing.T, columns map[string]any) pcommon.Map {
	t.Helper()
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(columns))
	return m
}

// asked are the tables and kinds of all groups that are due, each answered with nothing.
func asked(b *Book, now time.Time) []string {
	var list []string
	for {
		g, ok := b.Next(now)
		if !ok {
			return list
		}
		var kinds []string
		for _, item := range g.Items {
			kinds = append(kinds, string(item.Kind))
		}
		slices.Sort(kinds)
		list = append(list, strings.TrimPrefix(g.Table.Name, "Device")+" "+strings.Join(kinds, ","))
		b.Complete(g, false, now)
	}
}

func TestRounds(t *testing.T) {
	b := NewBook(rules())
	a := alertWith(t, machine(laptop, "Windows11"), process(laptop, 81258, noon),
		map[string]any{"@odata.type": evidenceType + "userEvidence", "userAccount": map[string]any{"userSid": "S-1-5-21-1-2-3"}},
		map[string]any{"@odata.type": evidenceType + "ipEvidence", "ipAddress": "198.51.100.7"})
	b.Accept(a, noon)
	b.Accept(a, noon.Add(time.Minute)) // another version with the same evidence

	round := []string{
		"ProcessEvents process", "NetworkEvents address,process", "FileEvents process", "LogonEvents address,process",
		"ProcessEvents user", "NetworkEvents user", "FileEvents user", "LogonEvents user",
	}
	assert.Empty(t, asked(b, noon.Add(9*time.Minute)), "too early")
	assert.Equal(t, round, asked(b, noon.Add(10*time.Minute)))
	assert.Empty(t, asked(b, noon.Add(59*time.Minute)))
	assert.Empty(t, b.Summaries(noon.Add(59*time.Minute)))
	all := append(slices.Clone(round), "ProcessEvents device", "NetworkEvents device", "FileEvents device", "LogonEvents device")
	assert.Equal(t, all, asked(b, noon.Add(time.Hour)), "the whole device, because nothing was found")
	assert.Empty(t, asked(b, noon.Add(24*time.Hour)))

	summaries := b.Summaries(noon.Add(time.Hour))
	require.Len(t, summaries, 1)
	assert.Equal(t, Summary{Alert: "da1", Incident: "7", Number: 1, Items: 4, Found: map[string]map[Relation]int{}}, summaries[0])
	b.Summarized(summaries[0])
	assert.Empty(t, b.Summaries(noon.Add(2*time.Hour)))

	// New evidence alone is asked for.
	later := alertWith(t, machine(laptop, "Windows11"), process(laptop, 81258, noon), process(laptop, 4, noon))
	b.Accept(later, noon.Add(2*time.Hour))
	g, ok := b.Next(noon.Add(130 * time.Minute))
	require.True(t, ok)
	require.Len(t, g.Items, 1)
	assert.EqualValues(t, 4, g.Items[0].ID)
}

func TestTheDeviceIsAskedForOnlyIfNothingElseIsFound(t *testing.T) {
	b := NewBook(rules())
	b.Accept(alertWith(t, machine(laptop, "Windows11"), process(laptop, 7, noon)), noon)
	g, _ := b.Next(noon.Add(time.Hour))
	b.Deliver("da1", uuid.New(), g.Table.Name, Self)
	for _, asked := range asked(b, noon.Add(3*time.Hour)) {
		assert.NotContains(t, asked, "device")
	}
	require.Len(t, b.Summaries(noon.Add(3*time.Hour)), 1)

	alone := NewBook(rules())
	alone.Accept(alertWith(t, machine(laptop, "Windows11")), noon)
	assert.Len(t, asked(alone, noon.Add(10*time.Minute)), 4, "a custom detection names nothing else")
	assert.Len(t, asked(alone, noon.Add(time.Hour)), 4)
}

func TestWhatIsNotAskedFor(t *testing.T) {
	old := process(laptop, 7, noon)
	for name, evidence := range map[string][]map[string]any{
		"pid 0":                {process(laptop, 0, noon)},
		"no time":              {{"@odata.type": evidenceType + "processEvidence", "mdeDeviceId": laptop, "processId": 7, "processCreationDateTime": nil}},
		"no device":            {process(nil, 7, noon)},
		"empty device":         {process("", 7, noon), machine("", "Windows11")},
		"no device id":         {process("x\" or true or \"", 7, noon)},
		"an address, nowhere":  {{"@odata.type": evidenceType + "ipEvidence", "ipAddress": "198.51.100.7"}},
		"mail":                 {{"@odata.type": evidenceType + "analyzedMessageEvidence", "subject": "x"}},
		"no hash":              {{"@odata.type": evidenceType + "fileEvidence", "mdeDeviceId": laptop, "fileDetails": map[string]any{"sha1": "x"}}},
		"an unknown type":      {{"@odata.type": evidenceType + "newEvidence", "mdeDeviceId": laptop}},
		"evidence of no shape": {{"@odata.type": 7, "mdeDeviceId": []any{}}},
	} {
		b := NewBook(rules())
		b.Accept(alertWith(t, evidence...), noon)
		assert.Empty(t, asked(b, noon.Add(24*time.Hour)), name)
		assert.Len(t, b.Summaries(noon.Add(time.Hour)), 1, "nothing found is a finding: %s", name)
	}
	b := NewBook(rules())
	b.Accept(alertWith(t, old), noon.Add(30*24*time.Hour+time.Minute))
	assert.Empty(t, asked(b, noon.Add(40*24*time.Hour)), "no row is left")
	assert.Empty(t, b.Summaries(noon.Add(40*24*time.Hour)))

	b.Accept(alertWith(t, old), noon.Add(29*24*time.Hour))
	assert.Empty(t, asked(b, noon.Add(31*24*time.Hour)), "the rows have gone while the round was waited for")

	low := alertWith(t, old)
	low.Severity = "informational"
	b = NewBook(rules())
	b.Accept(low, noon)
	assert.Empty(t, asked(b, noon.Add(time.Hour)))
	low.Severity = "catastrophic"
	b.Accept(low, noon)
	assert.NotEmpty(t, asked(b, noon.Add(time.Hour)), "a new word may be a severe one")

	without := rules()
	without.Fallback = nil
	b = NewBook(without)
	b.Accept(alertWith(t, machine(laptop, ""), old, map[string]any{"@odata.type": evidenceType + "ipEvidence", "ipAddress": "198.51.100.7"}), noon)
	for _, asked := range asked(b, noon.Add(24*time.Hour)) {
		assert.True(t, strings.HasSuffix(asked, " process"), asked)
	}
}

// The text of an alert decides about no more than literals.
func TestQuery(t *testing.T) {
	evil := "x\" or true //\n| take 1; let y = \"\\"
	b := NewBook(rules())
	b.Accept(alertWith(t, machine(laptop, "Linux"), process(laptop, 81258, noon.Add(1234567*100)), process(server, 9, noon),
		map[string]any{"@odata.type": evidenceType + "userEvidence", "userAccount": map[string]any{"accountName": evil}},
		map[string]any{"@odata.type": evidenceType + "userEvidence", "userAccount": map[string]any{"userSid": evil}},
		map[string]any{"@odata.type": evidenceType + "ipEvidence", "ipAddress": evil},
		map[string]any{"@odata.type": evidenceType + "ipEvidence", "ipAddress": "198.51.100.7"},
		map[string]any{"@odata.type": evidenceType + "urlEvidence", "url": "http://" + evil},
		map[string]any{"@odata.type": evidenceType + "urlEvidence", "url": "http://Bad.example.net/a|b\"?q"},
		map[string]any{"@odata.type": evidenceType + "fileEvidence", "mdeDeviceId": laptop, "fileDetails": map[string]any{"sha1": evil, "fileName": evil}},
		map[string]any{"@odata.type": evidenceType + "fileEvidence", "mdeDeviceId": laptop, "fileDetails": map[string]any{"sha1": strings.Repeat("AB", 20)}},
	), noon)
	queries := map[string]string{}
	for {
		g, ok := b.Next(noon.Add(10 * time.Minute))
		if !ok {
			break
		}
		query := g.Query(g.Columns(false, nil), g.Limit(50_000))
		head, _, _ := strings.Cut(query, "\n| project")
		queries[g.Table.Name+" "+string(g.Items[0].Kind)] = head
		b.Complete(g, false, noon.Add(10*time.Minute))
	}
	network := `DeviceNetworkEvents
| where Timestamp between (datetime(2026-11-21T11:55:00.0000000Z) .. datetime(2026-11-21T12:30:01.0000000Z)) and DeviceId in ("` + laptop + `", "` + server + `")
| where (DeviceId == "` + laptop + `" and Timestamp between (datetime(2026-11-21T11:55:00.0000000Z) .. datetime(2026-11-21T12:30:01.0000000Z)) and (InitiatingProcessId in (81258) and InitiatingProcessCreationTime between (datetime(2026-11-21T12:00:00.1134567Z) .. datetime(2026-11-21T12:00:00.1334567Z)) or InitiatingProcessSHA1 in~ ("` + strings.Repeat("ab", 20) + `") or RemoteIP in~ ("198.51.100.7", "::ffff:198.51.100.7") or RemoteUrl has_any ("bad.example.net")))
    or (DeviceId == "` + server + `" and Timestamp between (datetime(2026-11-21T11:55:00.0000000Z) .. datetime(2026-11-21T12:30:01.0000000Z)) and (InitiatingProcessId in (9) and InitiatingProcessCreationTime between (datetime(2026-11-21T11:59:59.9900000Z) .. datetime(2026-11-21T12:00:00.0100000Z)) or RemoteIP in~ ("198.51.100.7", "::ffff:198.51.100.7") or RemoteUrl has_any ("bad.example.net")))`
	for kind, query := range queries {
		if strings.HasPrefix(kind, "DeviceNetworkEvents") {
			assert.Equal(t, network, query)
		}
	}
	assert.Equal(t, `DeviceLogonEvents
| where Timestamp between (datetime(2026-11-21T11:55:00.0000000Z) .. datetime(2026-11-21T12:30:01.0000000Z)) and DeviceId in ("`+laptop+`", "`+server+`")
| where (DeviceId == "`+laptop+`" and Timestamp between (datetime(2026-11-21T11:55:00.0000000Z) .. datetime(2026-11-21T12:30:01.0000000Z)) and (AccountName in~ ("x\" or true //\u000A| take 1; let y = \"\\")))
    or (DeviceId == "`+server+`" and Timestamp between (datetime(2026-11-21T11:55:00.0000000Z) .. datetime(2026-11-21T12:30:01.0000000Z)) and (AccountName in~ ("x\" or true //\u000A| take 1; let y = \"\\")))`,
		queries["DeviceLogonEvents account"])
}

func TestMatch(t *testing.T) {
	created := noon.Add(-time.Minute)
	group := func(table string, items ...Item) Group {
		for i := range items {
			items[i].From, items[i].To = noon.Add(-time.Hour), noon.Add(time.Hour)
			if items[i].Device == "" {
				items[i].Device = laptop
			}
			if items[i].Alert == "" {
				items[i].Alert = "da1"
			}
		}
		return Group{Table: someTables(table)[0], Items: items}
	}
	running := func(id int64, created time.Time) Item {
		return Item{Task: Task{Kind: Running, Process: Process{id, created}}}
	}
	coarse := running(7, created)
	coarse.Coarse = true
	second := running(7, created.Add(8*time.Millisecond))
	second.Alert, second.Coarse = "da2", true
	file := Item{Task: Task{Kind: File, Value: strings.Repeat("ab", 20)}}
	const exact = "DeviceProcessEvents"
	for name, c := range map[string]struct {
		table string
		items []Item
		row   map[string]any
		want  string
	}{
		"its creation":             {exact, []Item{running(7, created)}, map[string]any{processID: 7, processCreated: created}, "da1 self"},
		"a child":                  {exact, []Item{running(7, created)}, map[string]any{processID: 8, processCreated: noon, initiatingID: 7, initiatingCreated: created}, "da1 child"},
		"what it did":              {"DeviceFileEvents", []Item{running(7, created)}, map[string]any{initiatingID: 7, initiatingCreated: created}, "da1 self"},
		"a second later":           {exact, []Item{running(7, created)}, map[string]any{processID: 7, processCreated: created.Add(time.Second)}, ""},
		"within a millisecond":     {exact, []Item{running(7, created)}, map[string]any{processID: 7, processCreated: created.Add(-time.Millisecond)}, "da1 self"},
		"two milliseconds":         {exact, []Item{running(7, created)}, map[string]any{processID: 7, processCreated: created.Add(2 * time.Millisecond)}, ""},
		"ten on Linux":             {exact, []Item{coarse}, map[string]any{processID: 7, processCreated: created.Add(10 * time.Millisecond)}, "da1 self"},
		"the nearest":              {exact, []Item{coarse, second}, map[string]any{processID: 7, processCreated: created.Add(5 * time.Millisecond)}, "da2 self"},
		"another device":           {exact, []Item{running(7, created)}, map[string]any{deviceID: server, processID: 7, processCreated: created}, ""},
		"no device":                {exact, []Item{running(7, created)}, map[string]any{deviceID: "", processID: 7, processCreated: created}, ""},
		"no time":                  {exact, []Item{running(7, created)}, map[string]any{processID: 7}, ""},
		"pid 0":                    {"DeviceFileEvents", []Item{running(0, created)}, map[string]any{initiatingID: 0, initiatingCreated: created}, ""},
		"out of its time":          {exact, []Item{running(7, created)}, map[string]any{tables.TimestampColumn: noon.Add(2 * time.Hour), processID: 7, processCreated: created}, ""},
		"its parent's creation":    {exact, []Item{{Task: Task{Kind: Parent, Process: Process{7, created}}}}, map[string]any{processID: 7, processCreated: created}, "da1 parent"},
		"not what its parent did":  {exact, []Item{{Task: Task{Kind: Parent, Process: Process{7, created}}}}, map[string]any{initiatingID: 7, initiatingCreated: created}, ""},
		"the file":                 {exact, []Item{file}, map[string]any{"SHA1": strings.Repeat("AB", 20)}, "da1 file"},
		"the surest":               {exact, []Item{file, running(7, created)}, map[string]any{"SHA1": strings.Repeat("AB", 20), processID: 7, processCreated: created}, "da1 self"},
		"the same pid, other time": {exact, []Item{file, running(7, created)}, map[string]any{"SHA1": strings.Repeat("AB", 20), processID: 7, processCreated: noon}, "da1 file"},
		"a mapped address":         {"DeviceNetworkEvents", []Item{{Task: Task{Kind: Address, Value: "198.51.100.7"}}}, map[string]any{"RemoteIP": "::ffff:198.51.100.7"}, "da1 network"},
		"a URL of the host":        {"DeviceNetworkEvents", []Item{{Task: Task{Kind: Host, Value: "bad.example.net"}}}, map[string]any{"RemoteUrl": "https://BAD.example.net:8443/x"}, "da1 network"},
		"a longer host":            {"DeviceNetworkEvents", []Item{{Task: Task{Kind: Host, Value: "bad.example.net"}}}, map[string]any{"RemoteUrl": "not.bad.example.net"}, ""},
		"the person":               {"DeviceLogonEvents", []Item{{Task: Task{Kind: User, Value: "S-1-5-21-1"}}}, map[string]any{"AccountSid": "s-1-5-21-1"}, "da1 user"},
		"the device":               {"DeviceLogonEvents", []Item{{Task: Task{Kind: Device}}}, map[string]any{}, "da1 device"},
	} {
		columns := map[string]any{deviceID: laptop, tables.TimestampColumn: noon}
		maps.Copy(columns, c.row)
		for name, value := range columns {
			if at, is := value.(time.Time); is {
				columns[name] = at.Format(time.RFC3339Nano)
			}
		}
		var got []string
		for _, hit := range group(c.table, slices.Clone(c.items)...).Match(row(t, columns)) {
			got = append(got, fmt.Sprint(hit.Alert, " ", hit.Relation))
		}
		assert.Equal(t, c.want, strings.Join(got, ", "), name)
	}
}

func TestGroupsAreBounded(t *testing.T) {
	b := NewBook(rules())
	for i := range 50 {
		var evidence []map[string]any
		for j := range 9 {
			evidence = append(evidence, process(laptop, int64(1+j), noon.Add(time.Duration(i)*time.Minute)))
		}
		a := alertWith(t, evidence...)
		a.ID, a.First, a.Last = fmt.Sprintf("da%d", i), noon.Add(time.Duration(i)*time.Hour), noon.Add(time.Duration(i)*time.Hour)
		b.Accept(a, noon.Add(50*time.Hour))
	}
	asked := map[string]int{}
	for {
		g, ok := b.Next(noon.Add(51 * time.Hour))
		if !ok {
			break
		}
		assert.LessOrEqual(t, len(g.Items), 200)
		assert.LessOrEqual(t, g.To.Sub(g.From), 24*time.Hour)
		assert.Equal(t, 50_000, g.Limit(50_000))
		halves := g.Halves()
		assert.Len(t, g.Items, len(halves[0].Items)+len(halves[1].Items))
		for _, item := range halves[0].Items {
			assert.NotContains(t, alertsOf(halves[1]), item.Alert, "whole alerts")
		}
		for _, item := range g.Items {
			asked[item.Alert+string(item.Kind)+g.Table.Name+item.Process.Created.String()+fmt.Sprint(item.ID, item.Round)]++
		}
		b.Complete(g, false, noon.Add(51*time.Hour))
	}
	for item, times := range asked {
		require.Equal(t, 1, times, item)
	}
}

func alertsOf(g Group) []string {
	var ids []string
	for _, item := range g.Items {
		ids = append(ids, item.Alert)
	}
	return ids
}

func TestACreationLongBeforeIsAskedForApart(t *testing.T) {
	b := NewBook(rules())
	b.Accept(alertWith(t, process(laptop, 7, noon.Add(-6*24*time.Hour))), noon)
	list := asked(b, noon.Add(10*time.Minute))
	assert.Equal(t, []string{"ProcessEvents process", "ProcessEvents created", "NetworkEvents process", "FileEvents process", "LogonEvents process"}, sorted(list, "ProcessEvents"))
}

// sorted has the queries of a table at the beginning, in reverse order.
func sorted(list []string, first string) []string {
	slices.SortStableFunc(list, func(a, b string) int {
		if strings.HasPrefix(a, first) && strings.HasPrefix(b, first) {
			return strings.Compare(b, a)
		}
		return 0
	})
	return list
}

func TestAnAlertHasNoMoreRowsThanItMay(t *testing.T) {
	few := rules()
	few.MaxRows = 3
	b := NewBook(few)
	b.Accept(alertWith(t, process(laptop, 7, noon)), noon)
	g, _ := b.Next(noon.Add(10 * time.Minute))
	assert.Equal(t, 4, g.Limit(50_000))
	first := uuid.New()
	for i := range 3 {
		id := uuid.New()
		if i == 0 {
			id = first
		}
		assert.True(t, b.Wants("da1", id, 0))
		b.Deliver("da1", id, g.Table.Name, Self)
	}
	assert.False(t, b.Wants("da1", first, 0))
	assert.False(t, b.Wants("da1", uuid.New(), 0))
	b.Complete(g, true, noon.Add(10*time.Minute))
	assert.Empty(t, asked(b, noon.Add(time.Hour)), "nothing more is asked")
	s := b.Summaries(noon.Add(time.Hour))
	require.Len(t, s, 1)
	assert.True(t, s[0].Truncated)
	assert.Equal(t, map[string]map[Relation]int{"DeviceProcessEvents": {Self: 3}}, s[0].Found)

	other := NewBook(few)
	other.Accept(alertWith(t, process(laptop, 7, noon)), noon)
	assert.True(t, other.Wants("da1", uuid.New(), 2))
	assert.False(t, other.Wants("da1", uuid.New(), 3), "those under way count")
}

func TestAPoisonedTaskIsGivenUp(t *testing.T) {
	b := NewBook(rules())
	b.Accept(alertWith(t, process(laptop, 7, noon)), noon)
	now := noon.Add(10 * time.Minute)
	for try := range 5 {
		g, ok := b.Next(now)
		require.True(t, ok)
		assert.Equal(t, try == 4, b.Fail(g, now))
		if _, due := b.Next(now); try < 4 {
			assert.False(t, due, "not at once")
		}
		now = now.Add(time.Hour)
	}
	s := b.Summaries(now)
	require.Len(t, s, 1)
	assert.Equal(t, 1, s[0].Aside)
	assert.Equal(t, Standing{Aside: 1}, b.Standing(now))
}

func TestStored(t *testing.T) {
	b := NewBook(rules())
	b.Accept(alertWith(t, machine(laptop, "Linux"), process(laptop, 81258, noon)), noon)
	g, _ := b.Next(noon.Add(10 * time.Minute))
	had := uuid.New()
	b.Deliver("da1", had, g.Table.Name, Self)
	b.Complete(g, false, noon.Add(10*time.Minute))
	changed, err := b.Changed()
	require.NoError(t, err)
	require.Len(t, changed, 1)
	again, err := b.Changed()
	require.NoError(t, err)
	assert.Empty(t, again)

	restarted := NewBook(rules())
	for _, data := range changed {
		require.NoError(t, restarted.Load(data))
		assert.Error(t, restarted.Load(data[:len(data)-3]))
		assert.ErrorContains(t, restarted.Load([]byte(strings.Replace(string(data), `"version":1`, `"version":2`, 1))), "version 2")
		var from map[string]any
		require.NoError(t, json.Unmarshal(data, &from))
	}
	assert.False(t, restarted.Wants("da1", had, 0))
	restarted.Accept(alertWith(t, machine(laptop, "Linux"), process(laptop, 81258, noon)), noon.Add(11*time.Minute))
	assert.Equal(t, asked(b, noon.Add(2*time.Hour)), asked(restarted, noon.Add(2*time.Hour)))
	assert.Equal(t, b.Summaries(noon.Add(2*time.Hour)), restarted.Summaries(noon.Add(2*time.Hour)))

	changed, err = b.Changed()
	require.NoError(t, err)
	b.NotStored(changed)
	twice, err := b.Changed()
	require.NoError(t, err)
	assert.Equal(t, changed, twice, "what was not written is written again")

	b.Summarized(b.Summaries(noon.Add(2 * time.Hour))[0])
	b.Next(noon.Add(31 * 24 * time.Hour))
	changed, err = b.Changed()
	require.NoError(t, err)
	for _, data := range changed {
		assert.Nil(t, data, "it is forgotten when no row can be left")
	}
}

func TestALongActivityIsBounded(t *testing.T) {
	a := alertWith(t, process(laptop, 7, noon.Add(3*24*time.Hour)))
	a.Last = noon.Add(6 * 24 * time.Hour)
	for _, task := range rules().tasks(a, a.Last) {
		assert.LessOrEqual(t, task.To.Sub(task.From), 24*time.Hour)
		assert.True(t, task.From.Before(noon.Add(3*24*time.Hour)) && task.To.After(noon.Add(3*24*time.Hour)))
	}
}
