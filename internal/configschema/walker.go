package configschema

import (
	"go/constant"
	"reflect"
)

// Source is what the Go source says of the types of a configuration.
type Source interface {
	// Field is the comment of a struct's field.
	Field(structure reflect.Type, field string) string
	// Type is the comment of a type.
	Type(t reflect.Type) string
	// Constants are the constants of a type.
	Constants(t reflect.Type) []constant.Value
	// Component says what the component is whose configuration the type is; empty where that is not known.
	Component(config reflect.Type) string
}

// walker makes the schema of one component's settings.
type walker struct {
	source Source
	// strict settings are decoded by internal/settings: durations have days, and maps with defaults no other keys.
	strict bool
	// inside are the structs above, so that one that holds itself ends.
	inside map[reflect.Type]bool
}
