package testbed

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// StartEmulator starts an emulator that ends with the test.
func StartEmulator(tb testing.TB, o defendersim.Options) *defendersim.Server {
	tb.Helper()
	s, err := defendersim.Start(context.WithoutCancel(tb.Context()), o)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}
