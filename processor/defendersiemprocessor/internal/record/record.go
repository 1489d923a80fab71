package record

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
)

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
