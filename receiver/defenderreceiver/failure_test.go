package defenderreceiver

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

func TestThrottle(t *testing.T) {
	serviceNow := epoch.Add(7 * time.Minute)
	for name, c := range map[string]struct {
		err  error
		want time.Duration
	}{
		"rate, as told":        {&hunting.Error{Kind: hunting.RateLimited, RetryAfter: 7 * time.Second}, 7 * time.Second},
		"rate, untold":         {&hunting.Error{Kind: hunting.RateLimited}, time.Minute},
		"rate, not believed":   {&hunting.Error{Kind: hunting.RateLimited, RetryAfter: time.Hour}, 15 * time.Minute},
		"CPU, as told":         {&hunting.Error{Kind: hunting.CPULimited, RetryAfter: time.Minute}, time.Minute},
		"CPU, next quarter":    {&hunting.Error{Kind: hunting.CPULimited}, 8 * time.Minute},
		"the token's endpoint": {&entra.Error{Status: 429, RetryAfter: 9 * time.Second}, 9 * time.Second},
	} {
		wait, is := throttle(fmt.Errorf("wrapped: %w", c.err), serviceNow)
		assert.True(t, is, name)
		assert.Equal(t, c.want, wait, name)
	}
	for _, err := range []error{errors.New("x"), &hunting.Error{Kind: hunting.Transient, RetryAfter: time.Minute}, &entra.Error{Status: 503}} {
		_, is := throttle(err, serviceNow)
		assert.False(t, is, err)
	}
}

func TestIsCredentials(t *testing.T) {
	for err, want := range map[error]bool{
		&hunting.Error{Kind: hunting.Forbidden}:    true,
		&hunting.Error{Kind: hunting.Unauthorized}: true,
		&hunting.Error{Kind: hunting.Transient}:    false,
		&entra.Error{Kind: entra.BadCredentials}:   true,
		&entra.Error{Kind: entra.Transient}:        false,
	} {
		assert.Equal(t, want, isCredentials(fmt.Errorf("wrapped: %w", err)), err)
	}
}
