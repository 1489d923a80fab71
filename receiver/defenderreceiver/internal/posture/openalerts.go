package posture

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// AlertGroup is what open alerts are counted by.
type AlertGroup struct {
	Severity, Status, Source string
}

// The words of the service by which open alerts are counted. What they do not cover is counted as unknown.
var (
	openStatuses = []string{"new", "inProgress"}
	severities   = []string{"high", "medium", "low", "informational"}
	sources      = []string{
		"microsoftDefenderForEndpoint", "microsoftDefenderForIdentity", "microsoftDefenderForOffice365", "microsoftDefenderForCloudApps",
		"microsoft365Defender", "azureAdIdentityProtection", "microsoftDefenderForCloud", "microsoftSentinel", "microsoftAppGovernance",
		"dataLossPrevention", "microsoftInsiderRiskManagement", "microsoftThreatIntelligence", "microsoftSecurityForAI",
	}
)

const unknownWord = "unknown"

// OpenAlerts counts alerts that are not resolved by asking for counts. It remembers which groups had any: they are asked for
// first, and stay with a count of 0.
type OpenAlerts struct {
	// BySource tells products apart, which takes more requests.
	BySource bool
	// Count is how many alerts a filter finds.
	Count func(ctx context.Context, filter string) (int, error)

	last map[AlertGroup]int
}

// Read counts them. The counts of a group add up to what the service counted of the whole of it, unless alerts change meanwhile.
func (o *OpenAlerts) Read(ctx context.Context) (map[AlertGroup]int, error) {
	found := map[AlertGroup]int{}
	for known := range o.last {
		found[known] = 0
	}
	for _, status := range openStatuses {
		if err := o.status(ctx, status, found); err != nil {
			return nil, err
		}
	}
	o.last = found
	return found, nil
}

func (o *OpenAlerts) status(ctx context.Context, status string, found map[AlertGroup]int) error {
	filter := "status eq '" + status + "'"
	return o.divide(ctx, filter, "severity", severities, -1, func(severity string, alerts int) error {
		group := AlertGroup{Severity: severity, Status: status}
		if !o.BySource {
			found[group] += alerts
			return nil
		}
		if severity == unknownWord {
			group.Source = unknownWord
			found[group] += alerts
			return nil
		}
		return o.divide(ctx, filter+" and severity eq '"+severity+"'", "serviceSource", o.likely(group), alerts, func(source string, alerts int) error {
			group.Source = source
			found[group] += alerts
			return nil
		})
	})
}

// divide counts the alerts of a filter by the values of a property, until all are found; what is left is unknown. all is how
// many there are, below zero: it is asked.
func (o *OpenAlerts) divide(ctx context.Context, filter, property string, values []string, all int, take func(value string, alerts int) error) error {
	left := all
	if left < 0 {
		var err error
		if left, err = o.Count(ctx, filter); err != nil {
			return err
		}
	}
	for _, value := range values {
		if left <= 0 {
			return nil
		}
		n, err := o.Count(ctx, fmt.Sprintf("%s and %s eq '%s'", filter, property, value))
		if err != nil {
			return err
		}
		// Alerts that came meanwhile are counted the next time.
		if n = min(n, left); n > 0 {
			if err := take(value, n); err != nil {
				return err
			}
		}
		left -= n
	}
	if left > 0 {
		return take(unknownWord, left)
	}
	return nil
}

// likely are the products, those first that had the most alerts of a group.
func (o *OpenAlerts) likely(group AlertGroup) []string {
	had := func(source string) int {
		group.Source = source
		return o.last[group]
	}
	ordered := slices.Clone(sources)
	slices.SortStableFunc(ordered, func(a, b string) int { return cmp.Compare(had(b), had(a)) })
	return ordered
}
