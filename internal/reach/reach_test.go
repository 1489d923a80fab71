package reach

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReached(t *testing.T) {
	for name, c := range map[string]struct {
		tell func(context.Context)
		want bool
	}{
		"no processor speaks":        {func(context.Context) {}, true},
		"a processor dropped all":    {Judged, false},
		"a processor handed some on": {func(ctx context.Context) { Judged(ctx); Passed(ctx, 2) }, true},
		"one of two branches":        {func(ctx context.Context) { Judged(ctx); Judged(ctx); Passed(ctx, 1) }, true},
	} {
		ctx, count := Watch(t.Context())
		c.tell(ctx)
		assert.Equal(t, c.want, count.Reached(), name)
	}
	assert.NotPanics(t, func() {
		Judged(t.Context())
		Passed(t.Context(), 1)
	}, "nobody watches")
}
