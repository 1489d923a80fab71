package engine

import (
	"maps"
	"slices"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
)

// Words are the operators and functions that a query can use.
func Words() []string {
	words := slices.Concat(syntax.Words(), unboundFunctions, slices.Collect(maps.Keys(functions)), slices.Collect(maps.Keys(aggregates)))
	slices.Sort(words)
	return words
}
