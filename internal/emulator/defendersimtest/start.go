// Package defendersimtest starts emulators in tests.
package defendersimtest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// StartT starts an emulator that ends with the test.
func StartT(tb testing.TB, o defendersim.Options) *defendersim.Server {
	tb.Helper()
	s, err := defendersim.Start(context.WithoutCancel(tb.Context()), o)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}
