package defenderreceiver

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// alertStage is a stage on which alerts are raised bit by bit.
type alertStage struct{ *stage }

func newAlertStage(t *testing.T) alertStage {
	t.Helper()
	s := alertStage{newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})}
	s.startAlerts()
	return s
}

// startAlerts reads a tenant that has had evidence before, of an alert that is not told.
func (s alertStage) startAlerts() {
	s.t.Helper()
	long := epoch.Add(-5 * 24 * time.Hour)
	require.NoError(s.t, s.Sim.Plant("AlertEvidence", defendersim.Planted{IngestionTime: long, Row: map[string]any{
		"Timestamp": long.Format(time.RFC3339Nano), "AlertId": "a0", "EntityType": "Machine",
	}}))
	s.start(s.config("Alerts"))
	s.settled()
}

// info and evidence plant a row that arrives now, and let it settle.
func (s alertStage) info(changes map[string]any) {
	s.t.Helper()
	s.arrive("AlertInfo", map[string]any{
		"Timestamp": epoch.Add(-time.Hour).Format(time.RFC3339Nano), "AlertId": "a1", "Title": "Suspicious process",
		"Severity": "Medium", "Category": "Execution", "ServiceSource": "MDE", "DetectionSource": "EDR", "AttackTechniques": `["T1059"]`,
	}, changes)
}

func (s alertStage) evidence(changes map[string]any) {
	s.t.Helper()
	s.arrive("AlertEvidence", map[string]any{
		"Timestamp": epoch.Add(-30 * time.Minute).Format(time.RFC3339Nano), "AlertId": "a1", "Title": "old title", "Severity": "Low",
		"ServiceSource": "evidence's", "EntityType": "Machine", "EvidenceRole": "Impacted", "DeviceId": "d1",
	}, changes)
}

func (s alertStage) arrive(table string, row, changes map[string]any) {
	s.t.Helper()
	maps.Copy(row, changes)
	require.NoError(s.t, s.Sim.Plant(table, defendersim.Planted{Row: row, IngestionTime: s.Clock.Now()}))
	s.Clock.Advance(2 * settle)
}

// settled waits until what has arrived was read. The receiver learns the service's time from answers,
// so it takes some polls until one reaches up to a clock that was set.
func (s alertStage) settled() { s.t.Helper(); s.Polls("AlertEvidence+AlertInfo", 4) }

func TestAlertSaysWhatBothSidesSay(t *testing.T) {
	s := newAlertStage(t)
	s.evidence(nil)
	s.info(map[string]any{"ServiceSource": ""})
	s.delivered(1)
	r := s.Sink.Records()[0]
	assert.Equal(t, "microsoft.defender.alerts", r.Log.EventName())
	assert.Equal(t, epoch.Add(-30*time.Minute), r.Log.Timestamp().AsTime(), "the evidence's Timestamp")
	body := r.Body()
	for column, want := range map[string]any{
		"AlertId": "a1", "Title": "Suspicious process", "Severity": "Medium", "Category": "Execution",
		"ServiceSource": "evidence's", "EntityType": "Machine", "DeviceId": "d1",
	} {
		assert.Equal(t, want, body[column], column)
	}
	assert.NotContains(t, body, "InfoTimestamp")
	assert.NotContains(t, body, "AlertUsers", "there are none")
}

// Whichever half comes first, and however long the other takes.
func TestAlertComesWithItsLaterHalf(t *testing.T) {
	for name, order := range map[string][]func(alertStage, map[string]any){
		"info first":     {alertStage.info, alertStage.evidence},
		"evidence first": {alertStage.evidence, alertStage.info},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAlertStage(t)
			order[0](s, nil)
			s.Clock.Advance(9 * time.Hour)
			s.settled()
			s.Exactly(0)
			order[1](s, nil)
			s.delivered(1)
			s.Clock.Advance(time.Hour)
			s.settled()
			s.Exactly(1)
		})
	}
}

func TestAlertWithoutEvidenceGivesNothing(t *testing.T) {
	s := newAlertStage(t)
	s.info(nil)
	s.settled()
	s.Exactly(0)
}

func TestEachDistinctEvidenceRowOnce(t *testing.T) {
	s := newAlertStage(t)
	s.info(nil)
	s.evidence(nil)
	s.evidence(nil)
	s.evidence(map[string]any{"EntityType": "File", "FileName": "a.exe"})
	s.delivered(2)
	s.evidence(nil)
	s.settled()
	s.Exactly(2)
}

// A new AlertInfo row gives the record again only where it changes what the record says, and then
// with another uid, even where an earlier state returns.
func TestUpdatedAlert(t *testing.T) {
	s := newAlertStage(t)
	s.evidence(nil)
	update := func(minute int, severity string) {
		t.Helper()
		s.info(map[string]any{"Severity": severity, "Timestamp": epoch.Add(time.Duration(minute) * time.Minute).Format(time.RFC3339Nano)})
	}
	update(-60, "Medium")
	s.delivered(1)
	update(-50, "Medium")
	s.settled()
	s.Exactly(1)
	update(-40, "High")
	s.delivered(2)
	update(-30, "Medium")
	s.delivered(3)
	var severities []any
	for _, r := range s.Sink.Records() {
		severities = append(severities, r.Body()["Severity"])
	}
	assert.Equal(t, []any{"Medium", "High", "Medium"}, severities)
	s.evidence(map[string]any{"EntityType": "File"})
	s.delivered(4)
}

func TestAlertUsers(t *testing.T) {
	s := newAlertStage(t)
	s.evidence(map[string]any{"EntityType": "User", "AccountName": "jane.doe", "AccountDomain": "ACME", "AccountUpn": "jane.doe@acme.com"})
	s.evidence(nil)
	s.info(nil)
	s.delivered(2)
	for _, r := range s.Sink.Records() {
		users, ok := r.Log.Body().Map().Get(tables.AlertUsersColumn)
		require.True(t, ok)
		assert.Equal(t, []any{map[string]any{
			"AccountName": "jane.doe", "AccountDomain": "ACME", "AccountSid": "", "AccountUpn": "jane.doe@acme.com", "AccountObjectId": "",
		}}, users.Slice().AsRaw())
	}
}

// An account that stands inside an entity only is one of the alert's, too; one that is not said there is none.
func TestAlertUsersInsideEntities(t *testing.T) {
	s := newAlertStage(t)
	s.info(nil)
	s.evidence(map[string]any{"EntityType": "Process", "AdditionalFields": `{"ProcessId":"9","Account":{"Name":"bob","NTDomain":"acme","Sid":"S-1-5-21-1-2-3-1002","UserPrincipalName":"bob@acme.com","AadUserId":"o2"}}`})
	s.evidence(map[string]any{"EntityType": "User", "AdditionalFields": `{"Name":"jane","NTDomain":"acme","Type":"account"}`})
	s.evidence(map[string]any{"EntityType": "Process", "ProcessCommandLine": "x", "AdditionalFields": `{"Account":{"$ref":"3"},"Host":{"$id":"3"}}`})
	s.evidence(map[string]any{"EntityType": "File", "AdditionalFields": `{"Name":"a.exe","Type":"file"}`})
	s.evidence(map[string]any{"EntityType": "Ip", "AdditionalFields": "not JSON"})
	s.delivered(5)
	last := s.Sink.Records()[4]
	users, ok := last.Log.Body().Map().Get(tables.AlertUsersColumn)
	require.True(t, ok)
	assert.ElementsMatch(t, []any{
		map[string]any{"AccountName": "bob", "AccountDomain": "acme", "AccountSid": "S-1-5-21-1-2-3-1002", "AccountUpn": "bob@acme.com", "AccountObjectId": "o2"},
		map[string]any{"AccountName": "jane", "AccountDomain": "acme", "AccountSid": "", "AccountUpn": "", "AccountObjectId": ""},
	}, users.AsRaw())
}

func TestAlertsInSmallPages(t *testing.T) {
	s := alertStage{newStage(t, defendersim.Options{})}
	for range 40 {
		s.evidence(map[string]any{"FileName": s.Clock.Now().String()})
	}
	s.info(nil)
	cfg := s.config("Alerts")
	cfg.Page.MaxRows = 7
	s.start(cfg)
	s.delivered(40)
}
