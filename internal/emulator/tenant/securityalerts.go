package tenant

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// security is what Graph's security API tells of a tenant.
type security struct{ *Tenant }

// SecurityObject is an alert or an incident as Graph's security API tells it, with all its versions.
type SecurityObject struct {
	ID       string
	Created  time.Time
	Versions []SecurityVersion
}

// SecurityVersion is one state of an object.
type SecurityVersion struct {
	Updated time.Time
	Visible time.Time // from when on it can be read
	// Body makes the object; its id and the times of creation and update are the caller's to set.
	Body func() map[string]any
}

const (
	// The service takes minutes to show a few of its alerts.
	maxAlertVisibleLag = 5 * minute
	// Evidence is attached for a while after an alert was raised.
	minEvidenceStep = 10 * second
	maxEvidenceStep = 2 * minute
	maxResolution   = 30 * hour
)

// SecurityAlerts are the alerts that were raised after one instant and up to another one.
func (t *Tenant) SecurityAlerts(after, until time.Time) []SecurityObject {
	s := security{t}
	var objects []SecurityObject
	for a := range s.raised(value.Ticks(after), value.Ticks(until)) {
		objects = append(objects, s.securityAlert(a))
	}
	return objects
}

// raised walks the alerts that were raised after one tick and up to another one.
func (t security) raised(after, until int64) func(yield func(*alert) bool) {
	return func(yield func(*alert) bool) {
		for start := floorDiv(after, alertWidth) * alertWidth; start <= until; start += alertWidth {
			for _, a := range t.alertsOf(start) {
				if a.raised > after && a.raised <= until && !yield(a) {
					return
				}
			}
		}
	}
}

// lifeOfAlert is what happens to an alert after it was raised, in order.
type lifeOfAlert struct {
	evidence []int64 // when each item was attached
	changed  int64   // when title and severity were; 0: never
	resolved int64   // 0: never
}

func (a *alert) life() lifeOfAlert {
	var l lifeOfAlert
	at := a.raised
	for i := range a.kind.evidence {
		if i > 1 { // the first two are there from the start
			at += between(derive(a.key, uint64(i)+48), minEvidenceStep, maxEvidenceStep)
		}
		l.evidence = append(l.evidence, at)
	}
	if _, changed := a.updated(); changed {
		l.changed = a.raised + between(derive(a.key, drawUpdate), minUpdate, maxUpdate)
	}
	if below(derive(a.key, drawShift), 2) == 0 {
		l.resolved = a.raised + between(derive(a.key, drawShift), 3*hour, maxResolution)
	}
	return l
}

// securityAlert is an alert with the versions of its life.
func (t security) securityAlert(a *alert) SecurityObject {
	life := a.life()
	steps := append(slices.Clone(life.evidence), life.changed, life.resolved)
	slices.Sort(steps)
	steps = slices.DeleteFunc(slices.Compact(steps), func(at int64) bool { return at == 0 })
	o := SecurityObject{ID: a.id, Created: value.Time(a.raised)}
	for i, at := range steps {
		o.Versions = append(o.Versions, SecurityVersion{
			Updated: value.Time(at), Visible: value.Time(at + t.securityLag(derive(a.key, uint64(i)+80))),
			Body: func() map[string]any { return t.securityBody(a, life, at) },
		})
	}
	return o
}

// securityLag is how long after its stamp a version can be read.
func (t security) securityLag(h uint64) int64 {
	if below(h, 10) == 0 {
		return between(derive(h, drawHidden), maxVisibleLag, maxAlertVisibleLag)
	}
	return between(h, second/2, maxVisibleLag)
}

// Graph's words for what the tables write as display strings.
var (
	graphServices = map[string]string{
		"mde": "microsoftDefenderForEndpoint", "mdi": "microsoftDefenderForIdentity", "mdo": "microsoftDefenderForOffice365",
		"mcas": "microsoftDefenderForCloudApps", "aad": "azureAdIdentityProtection",
	}
	graphDetections = map[string]string{
		"EDR": "microsoftDefenderForEndpoint", "CloudAppSecurity": "microsoftDefenderForCloudApps", "AzureADIdentityProtection": "azureAdIdentityProtection",
	}
)

func (k *alertKind) graphService() string {
	for short, display := range alertServices {
		if display == k.service {
			return graphServices[short]
		}
	}
	return "unknown"
}

func (k *alertKind) graphDetection() string {
	if word, ok := graphDetections[k.detection]; ok {
		return word
	}
	return strings.ToLower(k.detection[:1]) + k.detection[1:]
}

// graphTechniques are the ids within the brackets of the display strings.
func (k *alertKind) graphTechniques() []any {
	ids := []any{}
	for _, part := range strings.Split(k.techniques, "(")[1:] {
		id, _, _ := strings.Cut(part, ")")
		ids = append(ids, id)
	}
	return ids
}

// securityBody is an alert at a tick of its life.
func (t security) securityBody(a *alert, life lifeOfAlert, at int64) map[string]any {
	k := a.kind
	provider := strings.TrimPrefix(a.id, "da")
	portal := "https://security.microsoft.com/"
	body := map[string]any{
		"providerAlertId": provider, "incidentId": t.incidentOf(a).id(), "status": "new", "severity": strings.ToLower(k.severity),
		"classification": nil, "determination": nil, "serviceSource": k.graphService(), "detectionSource": k.graphDetection(),
		"productName": k.service, "detectorId": guid(deriveText(1, k.title)), "tenantId": t.cfg.TenantID, "title": k.title,
		"description": "The sample tenant's " + strings.ToLower(k.category) + " alert: " + k.title + ".", "recommendedActions": "",
		"category": k.category, "categories": []any{k.category}, "assignedTo": nil, "alertPolicyId": nil, "actorDisplayName": nil,
		"threatDisplayName": nil, "threatFamilyName": nil, "mitreTechniques": k.graphTechniques(), "customDetails": map[string]any{},
		"alertWebUrl":           portal + "alerts/" + a.id + "?tid=" + t.cfg.TenantID,
		"incidentWebUrl":        portal + "incidents/" + t.incidentOf(a).id() + "?tid=" + t.cfg.TenantID,
		"firstActivityDateTime": sensorTime(a.activity), "lastActivityDateTime": sensorTime(a.activity + int64(len(k.evidence))*second/10),
		"resolvedDateTime": nil, "comments": []any{}, "systemTags": []any{}, "additionalData": nil, "investigationState": "unsupportedAlertType",
	}
	if k.category == "Malware" {
		body["threatDisplayName"], body["threatFamilyName"] = "Trojan:Win32/Wacatac.B!ml", "Wacatac"
	}
	if life.changed != 0 && at >= life.changed {
		body["title"], body["severity"] = k.title+" on multiple endpoints", "high"
	}
	if life.resolved != 0 && at >= life.resolved {
		body["status"], body["resolvedDateTime"] = "resolved", sqlTime(life.resolved)
		body["classification"], body["determination"], body["assignedTo"] = "truePositive", "malware", "soc@"+t.cfg.Domain
	}
	evidence := []any{}
	for i, attached := range life.evidence {
		if attached <= at {
			if item := t.securityEvidence(a, i); item != nil {
				item["createdDateTime"] = sqlTime(attached)
				evidence = append(evidence, item)
			}
		}
	}
	body["evidence"] = evidence
	return body
}

// sensorTime has the digits of the sensor's clock.
func sensorTime(ticks int64) string {
	return value.Time(ticks).UTC().Format("2006-01-02T15:04:05.9999999Z")
}

// sqlTime is printed as SQL Server's datetime is.
func sqlTime(ticks int64) string {
	const perSecond = 300
	seconds, rest := ticks/second, (ticks%second*perSecond+second/2)/second
	return value.Time(seconds*second + (rest*second+perSecond/2)/perSecond).UTC().Format("2006-01-02T15:04:05.9999999Z")
}

// processesNear are creations of processes that the device's sensor reported shortly before a tick, the latest first.
func (t security) processesNear(d *device, at int64) []map[string]value.Value {
	const near = 2 * hour
	tab := t.tables["DeviceProcessEvents"]
	bounds := engine.Bounds{AsOf: at + day, Timestamp: engine.Range{From: at - near, To: at}}
	var found []map[string]value.Value
	_ = tab.Scan(contextOfEvidence, bounds, func(er engine.Row) bool {
		if r, ok := er.(*row); ok && r.device == d {
			values := map[string]value.Value{}
			for i, c := range tab.columns {
				values[c.Name] = r.Value(i)
			}
			found = append(found, values)
		}
		return true
	})
	slices.SortFunc(found, func(a, b map[string]value.Value) int {
		return -value.Time(a["Timestamp"].Ticks()).Compare(value.Time(b["Timestamp"].Ticks()))
	})
	return found
}
