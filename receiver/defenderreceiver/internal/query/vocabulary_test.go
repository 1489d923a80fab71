package query

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
)

// notOurs are the operators and functions of the emulator's engine that no query of the receiver uses, and why the
// engine has them all the same.
var notOurs = map[string]string{
	"=~": inFilters, "in": inFilters, "has_any": inFilters, "has_all": inFilters, "contains": inFilters, "endswith": inFilters,
	"matches regex": inFilters, "between": inFilters, "<=": inFilters, "+": inFilters, "-": inFilters, "tolower": inFilters, "isnotnull": inFilters,
}

const inFilters = "users write it in a table's filter"

// The emulator knows what the product asks, and no more: what is added to the engine is added for a query.
func TestTheEnginesWordsAreUsed(t *testing.T) {
	used := map[string]bool{}
	for name, text := range all(t) {
		statements, err := syntax.Parse(text)
		require.NoError(t, err, name)
		for _, word := range syntax.Used(statements) {
			used[word] = true
		}
	}
	unused := slices.DeleteFunc(engine.Words(), func(word string) bool { return used[word] })
	assert.Equal(t, slices.Sorted(maps.Keys(notOurs)), unused)
}
