package record

import (
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/indicator"
)

// Facts are what a record is made of.
type Facts struct {
	Alert alert.Alert
	// Evidence is what the record is about. It has no properties where the alert has no indicator.
	Evidence alert.Evidence
	// Device and User are those of the evidence.
	Device, User alert.Object
	// ID is the record's IocUniqueId, Part its AlertPart.
	ID   indicator.ID
	Part int
}

// FactsOf collects what an alert says of an evidence.
func FactsOf(a alert.Alert, e alert.Evidence, id indicator.ID, part int) Facts {
	return Facts{Alert: a, Evidence: e, Device: a.DeviceOf(e), User: a.UserOf(e), ID: id, Part: part}
}

// FullID is what readers of the former API tell repeats by.
func (f Facts) FullID() string { return FullID(f.Alert.ID(), f.ID) }

// FullID joins an alert's id and the identity of an indicator.
func FullID(alertID string, id indicator.ID) string { return alertID + ":" + id.String() }
