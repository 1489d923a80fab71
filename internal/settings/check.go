package settings

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// OneOf is a Problem unless value is one of the choices.
func OneOf[T ~string](key string, value T, choices ...T) error {
	if slices.Contains(choices, value) {
		return nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = string(c)
	}
	what := "is unknown"
	switch {
	case value == "":
		what = "is empty"
	case Shown(string(value)):
		what = fmt.Sprintf("is %q", value)
	}
	must := "it must be one of " + strings.Join(names, ", ")
	if meant, ok := Closest(string(value), names); ok {
		must += "; did you mean " + meant + "?"
	}
	return Problemf(key, "%s: %s", what, must)
}

// Positive is a Problem unless value is greater than zero.
func Positive[T ~int | ~int64](key string, value T) error {
	if value > 0 {
		return nil
	}
	return Problemf(key, "is %s: it must be greater than zero", written(value))
}

// Within is a Problem unless value lies between least and most.
func Within[T ~int | ~int64](key string, value, least, most T) error {
	if least <= value && value <= most {
		return nil
	}
	return Problemf(key, "is %s: it must be between %s and %s", written(value), written(least), written(most))
}

// AtLeast is a Problem if value is less than least.
func AtLeast(key string, value, least time.Duration) error {
	if value >= least {
		return nil
	}
	return Problemf(key, "is %s: it must be at least %s", written(value), written(least))
}

// written is how a user would write the value.
func written(value any) string {
	if d, ok := value.(time.Duration); ok {
		return Duration(d)
	}
	return fmt.Sprint(value)
}
