package hunting

import (
	"fmt"
	"slices"
	"strings"
)

// Quirks are ways in which the service writes the same value. Which form a value takes depends on
// its row alone, so that a row read twice looks the same twice.
type Quirks struct {
	Int64Annotations  bool // Graph: `"ReportId@odata.type":"#Int64"` before every 64-bit integer
	TrimmedTimestamps bool // trailing zeros of the seven digits are left out
	MixedBooleans     bool // true, 1, "1" or "true"
	EmptyObjectNulls  bool // a null datetime or dynamic is {} in half of the rows
	MixedJSON         bool // columns of JSON text come as text or nested, empty ones as "" or null
	PascalSchema      bool // Graph: Name and Type in `schema`
	Poison            bool // one command line in 500 ends in invalid UTF-8 and a lone surrogate
}

// DefaultQuirks are those that every client meets; Poison and PascalSchema are left to be asked for.
func DefaultQuirks() Quirks {
	return Quirks{
		Int64Annotations: true, TrimmedTimestamps: true, MixedBooleans: true, EmptyObjectNulls: true, MixedJSON: true,
	}
}

// ParseQuirks reads names separated by commas: `default`, `none`, or those of the fields in
// kebab-case; one with a minus sign is taken away, e.g. `default,-mixed-json,poison`.
func ParseQuirks(text string) (Quirks, error) {
	type field struct {
		name string
		set  *bool
	}
	var q Quirks
	fields := []field{
		{"int64-annotations", &q.Int64Annotations},
		{"trimmed-timestamps", &q.TrimmedTimestamps},
		{"mixed-booleans", &q.MixedBooleans},
		{"empty-object-nulls", &q.EmptyObjectNulls},
		{"mixed-json", &q.MixedJSON},
		{"pascal-schema", &q.PascalSchema},
		{"poison", &q.Poison},
	}
	for item := range strings.SplitSeq(text, ",") {
		name, off := strings.CutPrefix(strings.TrimSpace(item), "-")
		switch name {
		case "", "none":
			continue
		case "default":
			q = DefaultQuirks()
			continue
		}
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			var known []string
			for _, f := range fields {
				known = append(known, f.name)
			}
			return Quirks{}, fmt.Errorf("unknown quirk %q, known are default, none, %s", name, strings.Join(known, ", "))
		}
		*fields[i].set = !off
	}
	return q, nil
}
