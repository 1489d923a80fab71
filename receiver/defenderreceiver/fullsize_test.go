package defenderreceiver

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fullSize is the raw rows a day of a large tenant, of which 10 million at least are of persons.
const fullSize = 80_000_000

// A large tenant at its full size, with the default configuration. DEFENDER_FULL_SIZE=24h reads a day of it.
func TestCostsAtFullSize(t *testing.T) {
	length := 5 * time.Minute
	if text := os.Getenv("DEFENDER_FULL_SIZE"); text != "" {
		var err error
		length, err = time.ParseDuration(text)
		require.NoError(t, err, "DEFENDER_FULL_SIZE")
	}
	measure(t, fullSize, length, time.Second, func(*Config) {}, nil, nil, func(m measured) {
		m.print("full size")
		m.frugal()
		m.inTime()
	})
}

// A day of the large tenant with a hundredth of its rows, each of which costs the service a hundred times as much, in
// pages of a hundredth: as many queries, as dear as those.
func TestCostsOfALargeDay(t *testing.T) {
	const part = 100
	measure(t, fullSize/part, 24*time.Hour, time.Second, func(cfg *Config) { cfg.Page.MaxRows /= part },
		func(b *fakeTime) { b.Scale = part }, nil, func(m measured) {
			m.print("a large day")
			m.frugal()
			m.inTime()
			for _, table := range eventTables {
				assert.Less(m.t, m.lags.quantile(0.5, table), 30*time.Minute, "%s has more rows than its part of the turns can bring", table)
			}
		})
}
