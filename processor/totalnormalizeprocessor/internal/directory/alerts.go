package directory

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// AlertColumns are what AlertInfo says of an alert. It wins where both halves have one.
var AlertColumns = []string{"Title", "Category", "Severity", "ServiceSource", "DetectionSource", "AttackTechniques"}

// alert is what AlertInfo said last.
type alert struct {
	sighting

	updated time.Time
	said    []string // by AlertColumns
}

// alerts is the directory of alerts, by AlertId. Its owner guards it.
type alerts struct{ *aging[*alert] }

func newAlerts(limits Limits) alerts { return alerts{newAging(limits, func(*alert) {})} }

func (d alerts) take(r row.Row, now time.Time) {
	id := r.Text("AlertId")
	if before, ok := d.entries[id]; id == "" || ok && r.Time.Before(before.updated) {
		return
	}
	known := &alert{updated: r.Time}
	for _, column := range AlertColumns {
		known.said = append(known.said, r.Content(column))
	}
	d.see(id, known, now)
}

// AlertInfo is what AlertInfo said of an alert, by AlertColumns; nil: nothing yet.
func (d *Directories) AlertInfo(alertID string) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if known, ok := d.alerts.entries[alertID]; ok {
		return known.said
	}
	return nil
}
