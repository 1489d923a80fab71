package credentials

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestExpiryStages(t *testing.T) {
	for left, want := range map[time.Duration]int{
		31 * 24 * time.Hour: 0, 30 * 24 * time.Hour: 1, 7 * 24 * time.Hour: 2, 24 * time.Hour: 3, time.Second: 3, 0: 4, -time.Hour: 4,
	} {
		assert.Equal(t, want, expiryStage(left), left)
	}
	epoch := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	assert.Contains(t, expiryText(epoch, epoch), "have ended")
	assert.Contains(t, expiryText(epoch.Add(47*time.Hour), epoch), "end in 47h0m0s")
	assert.Contains(t, expiryText(epoch.Add(50*time.Hour), epoch), "end in 2 days")
}
