package record

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

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

// Form is how records are written.
type Form struct {
	// Documented gives the fields the names of Microsoft's migration page instead of those of the wire.
	Documented bool
	// Extended fills fields that the migration page calls unsupported, and that alerts have today.
	Extended bool
	// OmitEmpty leaves out fields that are empty or null.
	OmitEmpty bool
}

// Fill writes the record's fields to a map, in the order of the former API.
func (form Form) Fill(body pcommon.Map, f Facts) {
	body.EnsureCapacity(len(fields))
	for _, field := range fields {
		value := field.value(f)
		if field.extended && !form.Extended {
			value = ""
		}
		if form.OmitEmpty && (value == nil || value == "") {
			continue
		}
		put(body.PutEmpty(field.name(form.Documented)), value)
	}
}

func put(to pcommon.Value, value any) {
	switch value := value.(type) {
	case string:
		to.SetStr(value)
	case int:
		to.SetInt(int64(value))
	case bool:
		to.SetBool(value)
	}
}
