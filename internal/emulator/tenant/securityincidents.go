package tenant

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// incidentWidth is the time within which alerts of one service make one incident.
const incidentWidth = 2 * hour

// incident is the alerts of one service that were raised within a bucket.
type incident struct {
	start   int64
	service string // Graph's word
}

func (t security) incidentOf(a *alert) incident {
	return incident{start: floorDiv(a.raised, incidentWidth) * incidentWidth, service: a.kind.graphService()}
}

// id is a number, as the service has it.
func (i incident) id() string {
	return itoa(i.start/incidentWidth*8 + int64(deriveText(3, i.service)%8))
}

// SecurityIncidents are the incidents that came into being after one instant and up to another one.
func (t *Tenant) SecurityIncidents(after, until time.Time) []SecurityObject {
	from, to := value.Ticks(after), value.Ticks(until)
	s := security{t}
	var objects []SecurityObject
	for start := floorDiv(from, incidentWidth) * incidentWidth; start <= to; start += incidentWidth {
		of := map[string][]*alert{}
		var ids []string
		for a := range s.raised(start-1, start+incidentWidth-1) {
			id := s.incidentOf(a).id()
			if of[id] == nil {
				ids = append(ids, id)
			}
			of[id] = append(of[id], a)
		}
		for _, id := range ids {
			slices.SortFunc(of[id], func(a, b *alert) int { return value.Time(a.raised).Compare(value.Time(b.raised)) })
			if first := of[id][0].raised; first > from && first <= to {
				objects = append(objects, s.securityIncident(id, of[id]))
			}
		}
	}
	return objects
}

// securityIncident is an incident that grows with each of its alerts and is resolved or merged a day later.
func (t security) securityIncident(id string, alerts []*alert) SecurityObject {
	first, last := alerts[0], alerts[len(alerts)-1]
	o := SecurityObject{ID: id, Created: value.Time(first.raised)}
	add := func(at int64, n int, status string) {
		o.Versions = append(o.Versions, SecurityVersion{
			Updated: value.Time(at), Visible: value.Time(at + t.securityLag(derive(first.key, uint64(at)))),
			Body: func() map[string]any { return t.incidentBody(id, alerts[:n], status) },
		})
	}
	for n, a := range alerts {
		add(a.raised, n+1, "active")
	}
	switch end := last.raised + day; below(derive(first.key, drawOutcome), 8) {
	case 0:
		add(end, len(alerts), "redirected")
	case 1, 2, 3, 4:
		add(end, len(alerts), "resolved")
	}
	return o
}

// incidentBody is an incident of these alerts.
func (t security) incidentBody(id string, alerts []*alert, status string) map[string]any {
	severities := []string{"informational", "low", "medium", "high"}
	worst := 0
	for _, a := range alerts {
		worst = max(worst, slices.Index(severities, strings.ToLower(a.kind.severity)))
	}
	body := map[string]any{
		"displayName": alerts[0].kind.title, "severity": severities[worst], "status": status, "classification": "unknown", "determination": "unknown",
		"assignedTo": nil, "description": nil, "summary": nil, "tenantId": t.cfg.TenantID, "redirectIncidentId": nil, "priorityScore": nil,
		"comments": []any{}, "customTags": []any{}, "systemTags": []any{}, "resolvingComment": nil, "lastModifiedBy": nil,
		"incidentWebUrl": "https://security.microsoft.com/incidents/" + id + "?tid=" + t.cfg.TenantID,
	}
	if len(alerts) > 1 {
		body["displayName"] = "Multi-stage incident involving " + alerts[0].kind.category + " on multiple endpoints"
	}
	switch status {
	case "redirected":
		body["redirectIncidentId"] = itoa(int64(deriveText(5, id) % 100_000))
	case "resolved":
		body["classification"], body["determination"], body["lastModifiedBy"] = "truePositive", "malware", "soc@"+t.cfg.Domain
	}
	return body
}
