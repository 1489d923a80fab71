package checkup

import (
	"context"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
)

// Run walks to the end, or to where nothing can be asked further. A test that ctx ends says so in its last check.
func Run(ctx context.Context, s Settings) *diagnosis.Result {
	if s.Patience == 0 {
		s.Patience = DefaultPatience
	}
	began := time.Now()
	w := &walk{asking: asking{Settings: s}, result: &diagnosis.Result{
		Receiver: s.Receiver, Started: s.Now().UTC(), RecentHours: int(recent / time.Hour), Checks: []diagnosis.Check{},
	}}
	w.walk(ctx)
	w.result.Queries, w.result.Duration = w.sent, diagnosis.Seconds(time.Since(began))
	return w.result
}

func (w *walk) walk(ctx context.Context) {
	reached, way := true, step.Way{Client: w.Web, Proxy: w.Proxy, Result: w.result}
	for _, host := range w.Hosts {
		reached = way.To(ctx, host) && reached
	}
	if !reached {
		w.skip("token", "a host that is needed cannot be reached")
		return
	}
	if !w.token(ctx) {
		return
	}
	if len(w.Tables) > 0 && w.first(ctx) {
		w.tables(ctx)
	}
	w.feeds(ctx)
}
