package delivery

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/multierr"
)

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
