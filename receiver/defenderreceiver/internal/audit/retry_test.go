package audit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestFirst(t *testing.T) {
	start := time.Date(2026, time.March, 15, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		last time.Time
		want time.Duration // after the start
	}{
		"none is known":            {time.Time{}, time.Hour},
		"just before the start":    {start.Add(-time.Minute), 59 * time.Minute},
		"restarts every half hour": {start.Add(-30 * time.Minute), 30 * time.Minute},
		"long ago":                 {start.Add(-24 * time.Hour), 5 * time.Minute},
		"almost due":               {start.Add(-59 * time.Minute), 5 * time.Minute},
		"in the future":            {start.Add(24 * time.Hour), time.Hour},
	} {
		assert.Equal(t, c.want, First(start, c.last, time.Hour).Sub(start), name)
	}
}
