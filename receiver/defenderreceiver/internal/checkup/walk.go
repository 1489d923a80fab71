package checkup

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
)

// walk is a test under way.
type walk struct {
	asking
	result *diagnosis.Result
	// ahead is by how much the service's clock is before this machine's.
	ahead time.Duration
}

// skip notes what is not looked at.
func (w *walk) skip(name, why string) {
	group := diagnosis.Access
	if name == "tables" {
		group = diagnosis.Tables
	}
	w.result.Add(diagnosis.Check{Group: group, Name: name, Outcome: diagnosis.Skipped, Detail: "not looked at: " + why})
}

// check adds what a step found.
func (w *walk) check(group diagnosis.Group, name, subject string, began time.Time, f finding) {
	w.result.Add(diagnosis.Check{
		Group: group, Name: name, Subject: subject, Outcome: f.outcome, Severity: f.severity, Detail: f.detail, Remedy: f.remedy,
		Rows: f.rows, Duration: diagnosis.Seconds(time.Since(began)),
	})
}
