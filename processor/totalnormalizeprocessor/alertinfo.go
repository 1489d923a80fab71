package totalnormalizeprocessor

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// The Streaming API sends an alert's two halves by themselves. AlertEvidence becomes the event, with
// what AlertInfo has said by then: no record waits for its other half.
const (
	tableAlerts        = "Alerts"
	tableAlertEvidence = "AlertEvidence"
	tableAlertInfo     = "AlertInfo"
)

// alertColumns are what AlertInfo says of an alert. It wins where both halves have one.
var alertColumns = []string{"Title", "Category", "Severity", "ServiceSource", "DetectionSource", "AttackTechniques"}

// alert is what AlertInfo said last.
type alert struct {
	sighting

	updated time.Time
	said    []string // by alertColumns
}

// alerts is the directory of alerts, by AlertId. Its owner guards it.
type alerts struct{ *aging[*alert] }

func newAlerts(limits DirectoriesConfig) alerts { return alerts{newAging(limits, func(*alert) {})} }

func (d alerts) take(r row, now time.Time) {
	id := r.text("AlertId")
	if before, ok := d.entries[id]; id == "" || ok && r.time.Before(before.updated) {
		return
	}
	known := &alert{updated: r.time}
	for _, column := range alertColumns {
		known.said = append(known.said, r.content(column))
	}
	d.see(id, known, now)
}

// content is a column as text, of JSON its text.
func (r row) content(column string) string {
	v, ok := r.columns.Get(column)
	if !ok || isEmpty(v, holdsJSON(r.plan.table, column)) {
		return ""
	}
	return v.AsString()
}

// alertInfo is what AlertInfo said of an alert, by alertColumns; nil: nothing yet.
func (d *directories) alertInfo(alertID string) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if known, ok := d.alerts.entries[alertID]; ok {
		return known.said
	}
	return nil
}

// completeEvidence makes a row of AlertEvidence alone as much of a row of Alerts as it can be.
func (n *normalizer) completeEvidence(r row) {
	for i, said := range n.directories.alertInfo(r.text("AlertId")) {
		if said != "" {
			r.columns.PutStr(alertColumns[i], said)
		}
	}
	if r.text("Category") != "" {
		return
	}
	// Evidence has a list of the alert's categories.
	v, ok := r.json("Categories")
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return
	}
	var categories []string
	for _, c := range v.Slice().All() {
		if category := text(c); category != "" && !slices.Contains(categories, category) {
			categories = append(categories, category)
		}
	}
	if len(categories) > 0 {
		r.columns.PutStr("Category", strings.Join(categories, ", "))
	}
}
