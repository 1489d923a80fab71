package defenderreceiver

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// gauges are the metrics that are read when they are asked for.
type gauges struct{ *telemetry }

// observe lets the gauges read the states of the tables and the scheduler's quota.
func (t *telemetry) observe(lanes []*lane, quota *scheduler.Scheduler, health *health.Registry) error {
	// A metric has one value a table; the status tells its lanes apart.
	var live, past []*lane
	history := map[string]*lane{}
	for _, l := range lanes {
		if l.history {
			past = append(past, l)
			history[l.table] = l
		} else {
			live = append(live, l)
		}
	}
	g := gauges{t}
	return errors.Join(g.observeLag(live), g.observeProgress(live), g.observePaused(health), g.observeUnreadable(live, history),
		g.observeBackfill(past), g.observeInterval(live), g.observeQuota(quota), g.observeAudits(live, history))
}

func (t gauges) observeProgress(lanes []*lane) error {
	return t.builder.RegisterReceiverDefenderProgressAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
		for _, l := range lanes {
			if view := l.health.View(); !view.Progressed.IsZero() {
				o.Observe(time.Since(view.Progressed).Seconds(), t.ofTable(l.table))
			}
		}
		return nil
	})
}

func (t gauges) observeUnreadable(lanes []*lane, history map[string]*lane) error {
	return t.builder.RegisterReceiverDefenderRangesAsideCallback(func(_ context.Context, o metric.Int64Observer) error {
		for _, l := range lanes {
			ranges := l.health.View().Unreadable
			if past := history[l.table]; past != nil {
				ranges += past.health.View().Unreadable
			}
			o.Observe(int64(ranges), t.ofTable(l.table))
		}
		return nil
	})
}

func (t gauges) observeBackfill(lanes []*lane) error {
	return t.builder.RegisterReceiverDefenderBackfillProgressCallback(func(_ context.Context, o metric.Float64Observer) error {
		for _, l := range lanes {
			view, ratio := l.health.View(), 0.0
			if !view.History.Live.IsZero() {
				ratio = view.History.Ratio(view.CompleteUntil)
			}
			o.Observe(ratio, t.ofTable(l.table))
		}
		return nil
	})
}

func (t gauges) observeInterval(lanes []*lane) error {
	return t.builder.RegisterReceiverDefenderPollIntervalCallback(func(_ context.Context, o metric.Float64Observer) error {
		for _, l := range lanes {
			if interval := l.health.View().Interval; interval > 0 {
				o.Observe(interval.Seconds(), t.ofTable(l.table))
			}
		}
		return nil
	})
}

func (t gauges) observeQuota(quota *scheduler.Scheduler) error {
	short := t.builder.RegisterReceiverDefenderQuotaShortCallback(func(_ context.Context, o metric.Int64Observer) error {
		value := int64(0)
		if quota.Short() {
			value = 1
		}
		o.Observe(value, t.of())
		return nil
	})
	used := t.builder.RegisterReceiverDefenderQuotaUsedCallback(func(_ context.Context, o metric.Float64Observer) error {
		for _, use := range quota.Snapshot().Windows {
			o.Observe(use.Ratio(), t.of(
				attribute.String("resource", use.Resource), attribute.String("window", windowName(use.Limit.Window))))
		}
		return nil
	})
	return errors.Join(short, used)
}

// windowName is a window as people write it, e.g. 15m: without the units that are zero.
func windowName(window time.Duration) string {
	name := window.String()
	for _, zero := range []string{"0s", "0m"} {
		if len(name) > 2 && !isDigit(name[len(name)-3]) {
			name = strings.TrimSuffix(name, zero)
		}
	}
	return name
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (t gauges) observeLag(lanes []*lane) error {
	return t.builder.RegisterReceiverDefenderCursorLagCallback(func(_ context.Context, o metric.Float64Observer) error {
		for _, l := range lanes {
			if view := l.health.View(); !view.CompleteUntil.IsZero() {
				o.Observe(l.now().Sub(view.CompleteUntil).Seconds(), t.ofTable(l.table))
			}
		}
		return nil
	})
}

func (t gauges) observePaused(health *health.Registry) error {
	return t.builder.RegisterReceiverDefenderPausedCallback(func(_ context.Context, o metric.Int64Observer) error {
		reasons := map[string]failure.Reason{}
		for _, view := range health.Views() {
			if reason := reasons[view.Table]; reason == failure.None {
				reasons[view.Table] = view.Reason
			}
		}
		for table, paused := range reasons {
			for _, reason := range failure.Reasons() {
				value := int64(0)
				if reason == paused {
					value = 1
				}
				o.Observe(value, t.of(attribute.String("table", table), attribute.String("reason", string(reason))))
			}
		}
		return nil
	})
}

// observeAudits says what the last complete audit of each table says, and of each day of its history.
func (t gauges) observeAudits(lanes []*lane, history map[string]*lane) error {
	views := func(observe func(table string, live, past audit.View)) {
		for _, l := range lanes {
			if l.record == nil {
				continue
			}
			past := audit.View{}
			if h := history[l.table]; h != nil && h.record != nil {
				past = h.record.View()
			}
			observe(l.table, l.record.View(), past)
		}
	}
	missing := t.builder.RegisterReceiverDefenderAuditMissingCallback(func(_ context.Context, o metric.Int64Observer) error {
		views(func(table string, live, past audit.View) {
			o.Observe(int64(live.Missing+past.Missing), t.ofTable(table))
		})
		return nil
	})
	refused := t.builder.RegisterReceiverDefenderAuditRefusedCallback(func(_ context.Context, o metric.Int64Observer) error {
		views(func(table string, live, past audit.View) {
			o.Observe(int64(live.Refused+past.Refused), t.ofTable(table))
		})
		return nil
	})
	age := t.builder.RegisterReceiverDefenderAuditAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
		views(func(table string, live, _ audit.View) { o.Observe(time.Since(live.Since).Seconds(), t.ofTable(table)) })
		return nil
	})
	return errors.Join(missing, refused, age)
}
