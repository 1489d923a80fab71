package defenderreceiver

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// telemetry records the receiver's metrics. The generated builder names the instruments.
type telemetry struct {
	builder *metadata.TelemetryBuilder
	// receiver is the attribute of all of them: which receiver of the process it is.
	receiver attribute.KeyValue
}

func newTelemetry(id component.ID, settings component.TelemetrySettings) (*telemetry, error) {
	builder, err := metadata.NewTelemetryBuilder(settings)
	if err != nil {
		return nil, err
	}
	return &telemetry{builder, attribute.String("receiver", id.String())}, nil
}

// of are a measurement's attributes.
func (t *telemetry) of(attributes ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(attributes, t.receiver)...)
}

func (t *telemetry) ofTable(name string) metric.MeasurementOption {
	return t.of(attribute.String("table", name))
}

func (t *telemetry) ofOutcome(table string, outcome outcome) metric.MeasurementOption {
	return t.of(attribute.String("table", table), attribute.String("outcome", string(outcome)))
}

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
	return errors.Join(t.observeLag(live), t.observeProgress(live), t.observePaused(health), t.observeAside(live, history),
		t.observeBackfill(past), t.observeInterval(live), t.observeQuota(quota), t.observeAudits(live, history))
}

func (t *telemetry) observeProgress(lanes []*lane) error {
	return t.builder.RegisterReceiverDefenderProgressAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
		for _, l := range lanes {
			if view := l.health.View(); !view.Progressed.IsZero() {
				o.Observe(time.Since(view.Progressed).Seconds(), t.ofTable(l.table))
			}
		}
		return nil
	})
}

func (t *telemetry) observeAside(lanes []*lane, history map[string]*lane) error {
	return t.builder.RegisterReceiverDefenderRangesAsideCallback(func(_ context.Context, o metric.Int64Observer) error {
		for _, l := range lanes {
			aside := l.health.View().Unreadable
			if past := history[l.table]; past != nil {
				aside += past.health.View().Unreadable
			}
			o.Observe(int64(aside), t.ofTable(l.table))
		}
		return nil
	})
}

func (t *telemetry) observeBackfill(lanes []*lane) error {
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

func (t *telemetry) observeInterval(lanes []*lane) error {
	return t.builder.RegisterReceiverDefenderPollIntervalCallback(func(_ context.Context, o metric.Float64Observer) error {
		for _, l := range lanes {
			if interval := l.health.View().Interval; interval > 0 {
				o.Observe(interval.Seconds(), t.ofTable(l.table))
			}
		}
		return nil
	})
}

func (t *telemetry) observeQuota(quota *scheduler.Scheduler) error {
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

func (t *telemetry) observeLag(lanes []*lane) error {
	return t.builder.RegisterReceiverDefenderCursorLagCallback(func(_ context.Context, o metric.Float64Observer) error {
		for _, l := range lanes {
			if view := l.health.View(); !view.CompleteUntil.IsZero() {
				o.Observe(l.now().Sub(view.CompleteUntil).Seconds(), t.ofTable(l.table))
			}
		}
		return nil
	})
}

func (t *telemetry) observePaused(health *health.Registry) error {
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

// begin gives the counters of a table their first point, so that the step to one is seen.
func (t *telemetry) begin(ctx context.Context, table string) {
	for _, outcome := range []string{stored, notStored} {
		t.builder.ReceiverDefenderCursorWrites.Add(ctx, 0, t.of(attribute.String("outcome", outcome)))
	}
	for _, outcome := range service.Outcomes() {
		t.builder.ReceiverDefenderQueries.Add(ctx, 0, t.of(attribute.String("table", table), attribute.String("outcome", outcome)))
	}
	t.builder.ReceiverDefenderRepairedValues.Add(ctx, 0, t.ofTable(table))
	t.builder.ReceiverDefenderThrottled.Add(ctx, 0, t.ofTable(table))
	t.builder.ReceiverDefenderTruncatedPages.Add(ctx, 0, t.ofTable(table))
	t.builder.ReceiverDefenderLateRows.Add(ctx, 0, t.ofTable(table))
	for _, outcome := range []outcome{delivered, duplicate, refused} {
		t.builder.ReceiverDefenderRows.Add(ctx, 0, t.ofOutcome(table, outcome))
	}
	for _, written := range []bool{true, false} {
		t.builder.ReceiverDefenderDeadLetters.Add(ctx, 0, t.ofLetter(table, written))
	}
	t.audit(ctx, table, audit.Findings{})
	t.recovered(ctx, table, 0)
	for _, outcome := range []auditOutcome{auditComplete, auditIncomplete, auditFailed} {
		t.builder.ReceiverDefenderAudits.Add(ctx, 0, t.ofAudit(table, outcome))
	}
}

// letter counts a refused row that was written to the dead letters, or could not be.
func (t *telemetry) letter(table string, written bool) {
	t.builder.ReceiverDefenderDeadLetters.Add(context.Background(), 1, t.ofLetter(table, written))
}

func (t *telemetry) ofLetter(table string, written bool) metric.MeasurementOption {
	state := "failed"
	if written {
		state = "written"
	}
	return t.of(attribute.String("table", table), attribute.String("state", state))
}

// outcome is what became of a row.
type outcome string

const (
	delivered outcome = "delivered"
	duplicate outcome = "duplicate"
	refused   outcome = "refused"
)

func (t *telemetry) shutdown() { t.builder.Shutdown() }

func (t *telemetry) rows(ctx context.Context, table string, outcome outcome, n int) {
	if n > 0 {
		t.builder.ReceiverDefenderRows.Add(ctx, int64(n), t.ofOutcome(table, outcome))
	}
}

func (t *telemetry) query(ctx context.Context, table string, duration time.Duration, err error) {
	t.builder.ReceiverDefenderQueryDuration.Record(ctx, duration.Seconds(), t.ofTable(table))
	t.builder.ReceiverDefenderQueries.Add(ctx, 1, t.of(
		attribute.String("table", table), attribute.String("outcome", service.Outcome(err))))
	if failure.Is(err, hunting.RateLimited, hunting.CPULimited) {
		t.builder.ReceiverDefenderThrottled.Add(ctx, 1, t.ofTable(table))
	}
}

func (t *telemetry) truncated(ctx context.Context, table string) {
	t.builder.ReceiverDefenderTruncatedPages.Add(ctx, 1, t.ofTable(table))
}

// late counts a row that came longer after its event than a reader of event time would look back.
func (t *telemetry) late(ctx context.Context, table string, r delivery.Row, overlap time.Duration) {
	if arrived, ok := parseTime(r.IngestionTime); ok && r.Readable && arrived.Sub(r.Timestamp) > overlap {
		t.builder.ReceiverDefenderLateRows.Add(ctx, 1, t.ofTable(table))
	}
}

// audit counts what a complete audit found. What it recovered was counted when it was delivered.
func (t *telemetry) audit(ctx context.Context, table string, f audit.Findings) {
	for result, n := range map[string]int{"matched": f.Matched, "refused": f.Refused, "missing": f.Missing} {
		t.builder.ReceiverDefenderAuditRows.Add(ctx, int64(n), t.ofResult(table, result))
	}
}

// recovered counts rows that an audit delivered, whether or not it completes.
func (t *telemetry) recovered(ctx context.Context, table string, n int) {
	t.builder.ReceiverDefenderAuditRows.Add(ctx, int64(n), t.ofResult(table, "recovered"))
}

func (t *telemetry) ofResult(table, result string) metric.MeasurementOption {
	return t.of(attribute.String("table", table), attribute.String("result", result))
}

// audited counts an audit's attempt.
func (t *telemetry) audited(ctx context.Context, table string, outcome auditOutcome) {
	t.builder.ReceiverDefenderAudits.Add(ctx, 1, t.ofAudit(table, outcome))
}

func (t *telemetry) ofAudit(table string, outcome auditOutcome) metric.MeasurementOption {
	return t.of(attribute.String("table", table), attribute.String("outcome", string(outcome)))
}

// observeAudits says what the last complete audit of each table says, and of each day of its history.
func (t *telemetry) observeAudits(lanes []*lane, history map[string]*lane) error {
	views := func(observe func(table string, live, past audit.View)) {
		for _, l := range lanes {
			if l.audits == nil {
				continue
			}
			past := audit.View{}
			if h := history[l.table]; h != nil {
				past = h.audits.View()
			}
			observe(l.table, l.audits.View(), past)
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

// delay records how long after their events rows were delivered.
func (t *telemetry) delay(ctx context.Context, table string, result delivery.Result, now time.Time) {
	of := t.ofTable(table)
	for i, r := range result.Rows {
		if result.Outcomes[i] == delivery.Delivered && r.Readable {
			t.builder.ReceiverDefenderEventDelay.Record(ctx, now.Sub(r.Timestamp).Seconds(), of)
		}
	}
}

func (t *telemetry) repaired(ctx context.Context, table string, n int64) {
	if n > 0 {
		t.builder.ReceiverDefenderRepairedValues.Add(ctx, n, t.ofTable(table))
	}
}

// Outcomes of writing cursors.
const (
	stored    = "stored"
	notStored = "failed"
)

func (t *telemetry) cursorWrites(cursors int, err error) {
	outcome := stored
	if err != nil {
		outcome = notStored
	}
	t.builder.ReceiverDefenderCursorWrites.Add(context.Background(), int64(cursors),
		t.of(attribute.String("outcome", outcome)))
}
