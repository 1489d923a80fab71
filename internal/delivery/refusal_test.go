package delivery

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/multierr"
)

// Kafka's exporter tells a message above its own limit from one that the broker refuses.
func TestIsCertain(t *testing.T) {
	of := func(size, limit int) error {
		return consumererror.NewPermanent(fmt.Errorf("error exporting to topic %q: record size %d exceeds max %d: MESSAGE_TOO_LARGE", "t", size, limit))
	}
	assert.True(t, isCertain(fmt.Errorf("not retryable error: %w", errors.Join(of(1623, 1500)))))
	assert.True(t, isCertain(of(1490, 1500)), "the client adds to the size")
	assert.False(t, isCertain(of(900_000, 1_000_000)), "it is the broker that refuses")
	assert.False(t, isCertain(errors.Join(of(1623, 1500), of(1700, 1500))), "two messages")
	assert.False(t, isCertain(errors.Join(of(1623, 1500), consumererror.NewPermanent(errors.New("401")))), "two exporters")
	assert.False(t, isCertain(errors.New("busy")))
}

// Of several exporters one may refuse for good while another is merely full: that one must not lose
// the rows.
func TestIsPermanent(t *testing.T) {
	busy, bad := errors.New("busy"), consumererror.NewPermanent(errors.New("bad"))
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"passing":                 {busy, false},
		"for good":                {bad, true},
		"wrapped":                 {fmt.Errorf("export: %w", bad), true},
		"all branches":            {multierr.Append(bad, bad), true},
		"one branch":              {multierr.Append(bad, busy), false},
		"one branch, wrapped":     {fmt.Errorf("export: %w", errors.Join(busy, bad)), false},
		"nested":                  {errors.Join(bad, errors.Join(bad, busy)), false},
		"called permanent whole":  {consumererror.NewPermanent(errors.Join(busy, busy)), true},
		"no branch, but wrapping": {errors.Join(busy, busy), false},
	} {
		assert.Equal(t, c.want, isPermanent(c.err), name)
	}
}
