package defenderreceiver

import (
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// declaredFeed is a list that a user can name under `feeds`.
type declaredFeed struct {
	name     string // also that of its table in metrics, status and records
	list     hunting.List
	kind     source.FeedKind
	mostTop  int      // the service's largest page
	roles    []string // of which one lets it be read
	settings func(*FeedsConfig) *FeedConfig
}

// declaredFeeds are all of them.
func declaredFeeds() []declaredFeed {
	return []declaredFeed{
		{"alerts_v2", hunting.AlertsV2, source.AlertsFeed, 1000, []string{"SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"}, func(c *FeedsConfig) *FeedConfig { return &c.AlertsV2 }},
		{"incidents", hunting.Incidents, source.IncidentsFeed, 50, []string{"SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All"}, func(c *FeedsConfig) *FeedConfig { return &c.Incidents }},
	}
}

// The names of what is read of Secure Score and of open alerts, in the configuration, metrics and status.
const (
	secureScores = "secure_scores"
	openAlerts   = "open_alerts"
	// controlAlerts is that of how many alerts belong to each control.
	controlAlerts = "control_alerts"
)

// scoreRoles are the permissions of which one lets Secure Score be read.
var scoreRoles = []string{"SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"}
