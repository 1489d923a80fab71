package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Only what names a function is in the binary: the first two lines are about the module and the package.
func TestReadFindings(t *testing.T) {
	const output = `{"config":{"protocol_version":"v1.0.0"}}
{"osv":{"id":"GO-1"}}
{"finding":{"osv":"GO-1","fixed_version":"v1.2.0","trace":[{"module":"example.com/m","version":"v1.1.0"}]}}
{"finding":{"osv":"GO-1","fixed_version":"v1.2.0","trace":[{"module":"example.com/m","version":"v1.1.0","package":"example.com/m/p"}]}}
{"finding":{"osv":"GO-2","fixed_version":"v1.2.0","trace":[{"module":"example.com/m","version":"v1.1.0","package":"example.com/m/p","function":"F"}]}}
{"finding":{"osv":"GO-2","fixed_version":"v1.2.0","trace":[{"module":"example.com/m","version":"v1.1.0","package":"example.com/m/p","function":"G"}]}}
`
	found := make(map[place]finding)
	require.NoError(t, readFindings(strings.NewReader(output), "collector", found))
	assert.Equal(t, map[place]finding{{"GO-2", "example.com/m"}: {"v1.1.0", "example.com/m/p", "v1.2.0", "F", "collector"}}, found)
}

func TestReadFindingsCutOff(t *testing.T) {
	assert.Error(t, readFindings(strings.NewReader(`{"finding":`), "collector", make(map[place]finding)))
}
