package totalnormalizeprocessor

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// graphHarness makes events from alerts of Graph.
func graphHarness(t *testing.T, configure ...func(*Config)) *harness {
	t.Helper()
	return newHarness(t, append(configure, func(c *Config) { c.Alerts = AlertsGraph })...)
}

// newAlert is a version of an alert as the receiver's feed hands it over.
func newAlert(t *testing.T, body string) plog.LogRecord {
	t.Helper()
	record := plog.NewLogRecord()
	require.True(t, row.ParseJSON(body, record.Body()), body)
	record.SetEventName(logrecord.EventAlertV2)
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Date(2026, 3, 15, 10, 0, 0, 0, time.UTC)))
	record.Attributes().PutStr(logrecord.AttributeTable, event.TableAlertsV2)
	record.Attributes().PutStr(logrecord.AttributeUID, "uid of the version")
	return record
}

// alertWith is an alert with these items of evidence.
func alertWith(t *testing.T, evidence ...string) plog.LogRecord {
	t.Helper()
	return newAlert(t, `{"id":"da1","title":"Suspicious PowerShell","severity":"medium","category":"Execution","serviceSource":"microsoftDefenderForEndpoint",
		"detectionSource":"microsoftDefenderForEndpoint","mitreTechniques":["T1059.001"],"createdDateTime":"2026-03-15T09:00:00Z","lastUpdateDateTime":"2026-03-15T10:00:00Z",
		"evidence":[`+strings.Join(evidence, ",")+`]}`)
}

const (
	janeOfGraph = `{"accountName":"jane.doe","domainName":"ACME","userSid":"S-1-5-21-1-1-1-1001","azureAdUserId":"b34fd10e-0001-4000-8000-000000000001","userPrincipalName":"jane.doe@acme.com","displayName":"Jane Doe"}`
	johnOfGraph = `{"accountName":"john.roe","domainName":"ACME","userSid":"S-1-5-21-1-1-1-1002","azureAdUserId":null,"userPrincipalName":"john.roe@acme.com"}`
	systemOf    = `{"accountName":"SYSTEM","domainName":"NT AUTHORITY","userSid":"S-1-5-18","azureAdUserId":null,"userPrincipalName":null}`
)

// item is one of evidence.
func item(kind, more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"@odata.type":"#microsoft.graph.security.` + kind + `","createdDateTime":"2026-03-15T09:01:00.1233333Z","verdict":"suspicious","roles":[]` + more + `}`
}

// seen are an alert's events, each as who acted and by what, in the order of their entity types.
func seen(t *testing.T, h *harness, record plog.LogRecord) []string {
	t.Helper()
	var all []string
	for _, e := range graphEvents(t, h, record) {
		payload, metadata := e["payload"].(map[string]any), e["raw_metadata"].(map[string]any)
		way, _ := metadata["attributed_by"].(string)
		kind, _ := payload["entity_type"].(string)
		all = append(all, strings.TrimSpace(kind+" "+payload["user"].(string)+" "+way))
	}
	slices.Sort(all)
	return all
}

// graphAlerts consumes records that may become more of them, or fewer.
func (h *harness) graphAlerts(t *testing.T, records ...plog.LogRecord) []plog.ResourceLogs {
	t.Helper()
	counted := func() int { return h.count("mapped") + h.count("dropped") + h.count("passed") }
	in, before := h.in, counted()
	out := h.consume(t, records...)
	h.in = in + counted() - before
	return out
}

// graphEvents are the events of such records.
func graphEvents(t *testing.T, h *harness, records ...plog.LogRecord) []map[string]any {
	t.Helper()
	var events []map[string]any
	for _, resource := range h.graphAlerts(t, records...) {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				events = append(events, record.Body().Map().AsRaw())
			}
		}
	}
	return events
}

func TestWhoActedInAnAlertOfGraph(t *testing.T) {
	device := item("deviceEvidence", `"mdeDeviceId":"dev1","deviceDnsName":"ws1.acme.com"`)
	jane, john := item("userEvidence", `"userAccount":`+janeOfGraph), item("userEvidence", `"userAccount":`+johnOfGraph)
	for name, test := range map[string]struct {
		evidence []string
		want     []string
		dropped  map[string]int
	}{
		"a user": {[]string{jane}, []string{"User jane.doe@acme.com"}, nil},
		"a process under its own account": {
			[]string{item("processEvidence", `"userAccount":`+johnOfGraph+`,"mdeDeviceId":"dev1"`), jane},
			[]string{"Process john.roe@acme.com evidence_account", "User jane.doe@acme.com"},
			nil,
		},
		"a process of the machine's": {[]string{item("processEvidence", `"userAccount":`+systemOf)}, nil, map[string]int{"system": 1}},
		"the alert's only user": {
			[]string{device, item("processEvidence", `"userAccount":null`), item("fileEvidence", ""), jane},
			[]string{"File jane.doe@acme.com alert_user", "Machine jane.doe@acme.com alert_user", "Process jane.doe@acme.com alert_user", "User jane.doe@acme.com"},
			nil,
		},
		"two users": {[]string{item("urlEvidence", `"url":"http://x.example"`), jane, john}, []string{"User jane.doe@acme.com", "User john.roe@acme.com"}, map[string]int{"no_account": 1}},
		"mail": {
			[]string{item("analyzedMessageEvidence", `"recipientEmailAddress":"john.roe@acme.com"`), jane},
			[]string{"MailMessage john.roe@acme.com mail_recipient", "User jane.doe@acme.com"},
			nil,
		},
		"a mailbox":           {[]string{item("mailboxEvidence", `"upn":null,"primaryAddress":"jane.doe@acme.com"`)}, []string{"Mailbox jane.doe@acme.com mail_recipient"}, nil},
		"a mailbox's account": {[]string{item("mailboxEvidence", `"upn":"","primaryAddress":"sales@acme.com","userAccount":`+janeOfGraph)}, []string{"Mailbox jane.doe@acme.com evidence_account"}, nil},
		"a session":           {[]string{item("cloudLogonSessionEvidence", `"account":{"userAccount":`+janeOfGraph+`}`)}, []string{"CloudLogonSession jane.doe@acme.com evidence_account"}, nil},
		"who was logged on": {
			[]string{item("deviceEvidence", `"mdeDeviceId":"dev1","loggedOnUsers":[{"accountName":"jane.doe","domainName":"ACME"}]`)},
			[]string{`Machine ACME\jane.doe logged_on_user`},
			nil,
		},
		"several were logged on": {
			[]string{item("deviceEvidence", `"loggedOnUsers":[{"accountName":"jane.doe","domainName":"ACME"},{"accountName":"john.roe","domainName":"ACME"}]`)},
			nil,
			map[string]int{"several_logged_on": 1},
		},
		"a shell of a device":       {[]string{item("deviceEvidence", `"mdeDeviceId":null,"deviceDnsName":null,"loggedOnUsers":null`)}, nil, map[string]int{"no_account": 1}},
		"a type that nobody knows":  {[]string{item("quantumEvidence", `"spin":"up"`), jane}, []string{"Quantum jane.doe@acme.com alert_user", "User jane.doe@acme.com"}, nil},
		"no type":                   {[]string{`{"createdDateTime":null,"verdict":null}`, jane}, []string{"User jane.doe@acme.com", "jane.doe@acme.com alert_user"}, nil},
		"items that are no objects": {[]string{`null`, `"x"`, `[1]`, jane}, []string{"User jane.doe@acme.com"}, map[string]int{"no_evidence": 3}},
		"the same item twice":       {[]string{jane, jane}, []string{"User jane.doe@acme.com"}, nil},
		"no evidence":               {nil, nil, map[string]int{"no_evidence": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			h := graphHarness(t)
			assert.Equal(t, test.want, seen(t, h, alertWith(t, test.evidence...)))
			if test.dropped == nil {
				test.dropped = map[string]int{}
			}
			assert.Equal(t, test.dropped, h.dropReasons())
		})
	}
}

func TestEventOfAnAlertOfGraph(t *testing.T) {
	h := graphHarness(t, func(c *Config) { c.AdditionalColumns = []string{"ProcessCommandLine", "DeviceName"} })
	events := graphEvents(t, h, alertWith(t,
		item("processEvidence", `"mdeDeviceId":"DEV1","processId":4711,"processCommandLine":"powershell -enc","imageFile":{"fileName":"powershell.exe","filePath":"C:\\Windows","sha256":"ab"},
			"userAccount":`+janeOfGraph+`,"detailedRoles":["x"]`),
		item("deviceEvidence", `"mdeDeviceId":"dev1","deviceDnsName":"ws1.acme.com","loggedOnUsers":[]`)))
	require.Len(t, events, 1)
	id := events[0]["event_id"]
	assert.Len(t, id, 36)
	assert.Equal(t, map[string]any{
		"event_id": id, "event_type": "ALERT", "source": "DEFENDER_ENDPOINT", "signal_type": "ENDPOINT", "domain_id": testDomain,
		"tuid": events[0]["tuid"], "timestamp": "2026-03-15T09:01:00.1233333Z",
		"payload": map[string]any{
			"user": "jane.doe@acme.com", "alert_id": "da1", "title": "Suspicious PowerShell", "severity": "Medium", "category": "Execution",
			"detection_source": "EDR", "service_source": "Microsoft Defender for Endpoint", "attack_techniques": []any{"T1059.001"},
			"entity_type": "Process", "evidence_role": "Related", "device_id": "DEV1", "file_name": "powershell.exe", "sha256": "ab",
		},
		"raw_metadata": map[string]any{
			"platform_event_id": "da1", "alert_id": "da1", "title": "Suspicious PowerShell", "severity": "Medium", "category": "Execution",
			"detection_source": "EDR", "attack_techniques": `["T1059.001"]`, "service_source": "Microsoft Defender for Endpoint",
			"entity_type": "Process", "evidence_role": "Related", "device_id": "DEV1", "file_name": "powershell.exe", "sha256": "ab",
			"process_command_line": "powershell -enc", "device_name": "ws1.acme.com",
			"created_at": "2026-03-15T09:01:00.1233333Z", "source_platform": "defender_endpoint", "attributed_by": "evidence_account",
		},
		"platform_event_id": "da1", "platform_event_source": "DEFENDER_XDR_GRAPH_SECURITY_API",
	}, events[0])
}

// A version in which an event says the same gives the same event_id; one in which it says something else does not.
func TestEventsOverVersionsOfAnAlert(t *testing.T) {
	jane := item("userEvidence", `"userAccount":`+janeOfGraph)
	device := item("deviceEvidence", `"mdeDeviceId":"dev1","healthStatus":"active","lastIpAddress":"10.0.0.1"`)
	first := `{"id":"da1","title":"A","severity":"low","status":"new","lastUpdateDateTime":"2026-03-15T09:00:00Z","evidence":[` + jane + `,` + device + `]}`
	ids := func(body string) map[string]string {
		h := graphHarness(t)
		found := map[string]string{}
		for _, e := range graphEvents(t, h, newAlert(t, body)) {
			found[e["payload"].(map[string]any)["entity_type"].(string)] = e["event_id"].(string)
		}
		return found
	}
	before := ids(first)
	require.Len(t, before, 2)
	change := func(pairs ...string) map[string]string { return ids(strings.NewReplacer(pairs...).Replace(first)) }
	assert.Equal(t, before, change(`"new"`, `"resolved"`, "T09:00:00Z", "T11:00:00Z", `"suspicious"`, `"malicious"`, `"active"`, `"inactive"`, "10.0.0.1", "10.0.0.9"))
	grown := change(device, device+","+item("fileEvidence", `"fileDetails":{"fileName":"x.exe"}`))
	assert.Len(t, grown, 3)
	for kind, id := range before {
		assert.Equal(t, id, grown[kind], kind)
	}
	for _, changed := range []map[string]string{change(`"low"`, `"high"`), change(`"title":"A"`, `"title":"B"`), change(`"da1"`, `"da2"`)} {
		for kind, id := range before {
			assert.NotEqual(t, id, changed[kind], kind)
		}
	}
	// Another person is another event.
	assert.NotEqual(t, before["Machine"], change(janeOfGraph, johnOfGraph)["Machine"])
}

// Alerts become events from one of the two, whatever comes.
func TestWhichAlertsBecomeEvents(t *testing.T) {
	hunting := func() plog.LogRecord {
		return newRow("Alerts", "u1", `{"Timestamp":"2026-03-15T09:00:00Z","AlertId":"da1","EntityType":"User","AccountUpn":"jane.doe@acme.com"}`)
	}
	alone := func() plog.LogRecord {
		r := hunting()
		r.Attributes().PutStr(logrecord.AttributeTable, "AlertEvidence")
		return r
	}
	graph := func() plog.LogRecord { return alertWith(t, item("userEvidence", `"userAccount":`+janeOfGraph)) }

	h := newHarness(t)
	h.consume(t, hunting(), graph())
	assert.Equal(t, []int{1, 0, 1}, []int{h.count("mapped"), h.count("dropped"), h.count("passed")})
	for _, l := range h.sink.AllLogs() {
		for _, resource := range l.ResourceLogs().All() {
			for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
				if record.EventName() == logrecord.EventAlertV2 {
					assert.Equal(t, graph().Body().AsRaw(), record.Body().AsRaw(), "it passes untouched")
				}
			}
		}
	}

	h = graphHarness(t)
	h.consume(t, hunting(), graph(), alone())
	assert.Equal(t, []int{1, 2, 0}, []int{h.count("mapped"), h.count("dropped"), h.count("passed")})
	assert.Equal(t, map[string]int{"alerts_from_graph": 2}, h.dropReasons())

	h = graphHarness(t)
	incident := newAlert(t, `{"id":"17"}`)
	incident.SetEventName(logrecord.EventIncident)
	incident.Attributes().PutStr(logrecord.AttributeTable, "incidents")
	text := newAlert(t, `{}`)
	text.Body().SetStr("no object")
	h.consume(t, incident, text)
	assert.Equal(t, 2, h.count("passed"))
}

// The reasons that are counted are those that the metric is described with.
func TestReasonsOfAlertsOfGraph(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Alerts = AlertsGraph
	reasons := map[string]bool{}
	for key := range everyKey(cfg.plans()) {
		if key.table == event.TableAlertsV2 || key.reason == reasonAlertsFromGraph {
			reasons[key.table+" "+key.reason] = true
		}
	}
	assert.Contains(t, reasons, "alerts_v2 no_evidence")
	assert.Contains(t, reasons, "alerts_v2 evidence_account")
	assert.Contains(t, reasons, "Alerts alerts_from_graph")
}

// Whatever stands at any place of an alert, each item of its evidence is an event or a counted drop, and the events are valid.
func TestOddValuesInAnAlertOfGraph(t *testing.T) {
	text := asText(t, alertWith(t,
		item("userEvidence", `"userAccount":`+janeOfGraph),
		item("processEvidence", `"mdeDeviceId":"dev1","processId":1,"imageFile":{"fileName":"x","sha256":"y"},"userAccount":`+johnOfGraph),
		item("deviceEvidence", `"mdeDeviceId":"dev1","loggedOnUsers":[{"accountName":"a","domainName":"b"}]`),
		item("analyzedMessageEvidence", `"recipientEmailAddress":"jane.doe@acme.com"`),
		item("hostLogonSessionEvidence", `"account":{"userAccount":`+janeOfGraph+`},"host":{"mdeDeviceId":"dev1"}`),
		item("quantumEvidence", `"spin":{"up":true}`),
	).Body().Map().AsRaw())
	odd := []string{`null`, `-1.5`, `"text"`, `[null,1,{"a":[]}]`, `{"@odata.type":7,"userAccount":[]}`, strings.Repeat("[", 40) + strings.Repeat("]", 40)}
	var alerts []plog.LogRecord
	for _, path := range placesIn(t, text) {
		for _, value := range odd {
			var body any
			require.NoError(t, json.Unmarshal([]byte(text), &body))
			alerts = append(alerts, newAlert(t, asText(t, replaced(body, path, json.RawMessage(value)))))
		}
	}
	h := graphHarness(t)
	h.graphAlerts(t, alerts...)
	t.Logf("%d alerts: %d events, dropped %v", len(alerts), h.count("mapped"), h.dropReasons())
	assert.Greater(t, len(alerts), 300)
	assert.Greater(t, h.count("mapped")+h.count("dropped"), 5*len(alerts), "but for lists that are none, each of the six items counts")
}

// placesIn are the paths to all values of a JSON object.
func placesIn(t *testing.T, text string) [][]any {
	t.Helper()
	var paths [][]any
	var walk func(v any, path []any)
	walk = func(v any, path []any) {
		if len(path) > 0 {
			paths = append(paths, slices.Clone(path))
		}
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(v[key], append(path, key))
			}
		case []any:
			for i := range v {
				walk(v[i], append(path, i))
			}
		}
	}
	var body any
	require.NoError(t, json.Unmarshal([]byte(text), &body))
	walk(body, nil)
	return paths
}

// replaced is a document with another value at a place.
func replaced(v any, path []any, by any) any {
	if len(path) == 0 {
		return by
	}
	switch v := v.(type) {
	case map[string]any:
		v[path[0].(string)] = replaced(v[path[0].(string)], path[1:], by)
	case []any:
		v[path[0].(int)] = replaced(v[path[0].(int)], path[1:], by)
	}
	return v
}

// Both ways give the same persons for the same alerts, but for who was logged on: of that Graph's devices say more.
func TestBothWaysOfAlertsFindTheSamePersons(t *testing.T) {
	company := tenant.DefaultConfig()
	company.Start, company.History, company.RowsPerDay, company.AlertApartShare = testbed.Epoch, 24*time.Hour, 5_000, 0
	s := testbed.NewStage(t, defendersim.Options{Tenant: &company})
	until := s.Clock.Now()
	rowsOf := func(table string) []map[string]any {
		found, err := s.Sim.Truth(table, time.Time{}, until)
		require.NoError(t, err)
		rows := make([]map[string]any, len(found))
		for i, r := range found {
			rows[i] = r.Row
		}
		return rows
	}
	var directories []plog.LogRecord
	for _, table := range []string{"IdentityInfo", "DeviceInfo"} {
		for _, r := range rowsOf(table) {
			directories = append(directories, newRow(table, "", asText(t, r)))
		}
	}
	hunting, graph := newHarness(t), graphHarness(t)
	hunting.consume(t, directories...)
	graph.consume(t, directories...)

	byHunting := personsOf(graphEvents(t, hunting, joined(t, rowsOf("AlertInfo"), rowsOf("AlertEvidence"))...))
	finals := map[string]defendersim.SecurityVersion{}
	for _, v := range s.Sim.Alerts() {
		if v.Updated >= finals[v.ID].Updated {
			finals[v.ID] = v
		}
	}
	var alerts []plog.LogRecord
	for _, v := range finals {
		alerts = append(alerts, newAlert(t, asText(t, v.Body)))
	}
	byGraph := personsOf(graphEvents(t, graph, alerts...))
	require.Greater(t, len(byHunting), 10)
	t.Logf("%d alerts with persons by hunting, %d by Graph; dropped %v, %v", len(byHunting), len(byGraph), hunting.dropReasons(), graph.dropReasons())
	for id, people := range byHunting { // the newest alerts' rows have not come yet
		assert.Equal(t, people, byGraph[id], id)
	}
}

func asText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// joined are rows of Alerts, as the service joins their halves.
func joined(t *testing.T, infos, evidence []map[string]any) []plog.LogRecord {
	t.Helper()
	byID, users := map[any]map[string]any{}, map[any][]any{}
	for _, info := range infos {
		byID[info["AlertId"]] = info
	}
	for _, e := range evidence {
		if e["EntityType"] == "User" {
			users[e["AlertId"]] = append(users[e["AlertId"]], e)
		}
	}
	var records []plog.LogRecord
	for i, e := range evidence {
		r := maps.Clone(e)
		info, ok := byID[e["AlertId"]]
		if !ok {
			continue
		}
		for column, v := range info {
			if column != "Timestamp" {
				r[column] = v
			}
		}
		r["AlertUsers"] = users[e["AlertId"]]
		records = append(records, newRow("Alerts", "u"+time.Duration(i).String(), asText(t, r)))
	}
	return records
}

// personsOf are the tuids of each alert's events, but those of who was logged on.
func personsOf(events []map[string]any) map[string][]string {
	people := map[string][]string{}
	for _, e := range events {
		if e["raw_metadata"].(map[string]any)["attributed_by"] == "logged_on_user" {
			continue
		}
		id := e["payload"].(map[string]any)["alert_id"].(string)
		people[id] = append(people[id], e["tuid"].(string))
	}
	for id := range people {
		slices.Sort(people[id])
		people[id] = slices.Compact(people[id])
	}
	return people
}
