package defenderreceiver

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A tenant of 80 million raw rows a day, of which 10 million are of persons, at its full size and with the default
// configuration. DEFENDER_FULL_SIZE=24h reads a day of it.
func TestCostsAtFullSize(t *testing.T) {
	length := 15 * time.Minute
	if text := os.Getenv("DEFENDER_FULL_SIZE"); text != "" {
		var err error
		length, err = time.ParseDuration(text)
		require.NoError(t, err, "DEFENDER_FULL_SIZE")
	}
	measure(t, 80_000_000, length, time.Second, func(*Config) {}, nil, func(m measured) {
		m.print("full size")
		m.frugal()
		m.inTime()
	})
}
