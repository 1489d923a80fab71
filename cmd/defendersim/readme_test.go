package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

// The README names every operator and function that a query can use, and no other.
func TestReadmeNamesTheLanguage(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(readme), "## KQL\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var named []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(section, -1) {
		if notation := []string{"!", "_cs", "a.b", "inner", "leftouter", "let"}; !slices.Contains(notation, m[1]) {
			named = append(named, m[1])
		}
	}
	slices.Sort(named)
	assert.Equal(t, engine.Words(), slices.Compact(named))
}
