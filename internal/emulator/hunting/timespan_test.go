package hunting

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTimespanForms(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 2, n, 8, 0, 0, 0, time.UTC) }
	for text, want := range map[string][2]time.Time{
		"":                     {at.AddDate(0, 0, -30), at},
		"P2D":                  {at.AddDate(0, 0, -2), at},
		"PT90M":                {at.Add(-90 * time.Minute), at},
		"P1DT1H":               {at.Add(-25 * time.Hour), at},
		"2026-02-01T08:00:00Z": {day(1), at},
		"2026-02-01T08:00:00Z/2026-02-15T08:00:00Z": {day(1), day(15)},
		"P14D/2026-02-15T08:00:00Z":                 {day(1), day(15)},
		"2026-02-01T08:00:00Z/P14D":                 {day(1), day(15)},
	} {
		got, err := parseTimespan(text, at)
		require.NoError(t, err, text)
		assert.Equal(t, ticksRange(want[0], want[1]), got, text)
	}
	for _, text := range []string{"P", "PT", "P1", "1D", "x/P1D", "P1D/x", "P1D/P1D", "2026-02-01T08:00:00Z/", "P999999999999999999999D/x"} {
		_, err := parseTimespan(text, at)
		assert.Error(t, err, text)
	}
}
