package defenderstoragereceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/tail"
)

// telemetry records the receiver's metrics. The generated builder names the instruments.
type telemetry struct {
	builder *metadata.TelemetryBuilder
	// receiver is the attribute of all of them: which receiver of the process it is.
	receiver attribute.KeyValue
	// obsrep counts what the pipeline takes, under the names that all receivers have.
	obsrep *receiverhelper.ObsReport
	now    func() time.Time
}

var _ tail.Metrics = (*telemetry)(nil)

func newTelemetry(set receiver.Settings, now func() time.Time) (*telemetry, error) {
	obsrep, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	builder, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &telemetry{builder, attribute.String("receiver", set.ID.String()), obsrep, now}, nil
}

func (t *telemetry) shutdown() { t.builder.Shutdown() }

// of are a measurement's attributes.
func (t *telemetry) of(attributes ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(attributes, t.receiver)...)
}

func (t *telemetry) ofTable(table string, more ...attribute.KeyValue) metric.MeasurementOption {
	return t.of(append(more, attribute.String("table", table))...)
}

// The outcomes of rows.
const (
	delivered = "delivered"
	duplicate = "duplicate"
	refused   = "refused"
)

func (t *telemetry) rows(table, outcome string, n int) {
	t.builder.ReceiverDefenderStorageRows.Add(context.Background(), int64(n), t.ofTable(table, attribute.String("outcome", outcome)))
}

// begin gives the counters of a container their first point, so that the step to one is seen.
func (t *telemetry) begin(c *health.Container) {
	ctx, of := context.Background(), t.ofTable(c.Table)
	for _, outcome := range []string{delivered, duplicate, refused} {
		t.rows(c.Table, outcome, 0)
	}
	for _, state := range []string{"written", "failed"} {
		t.builder.ReceiverDefenderStorageDeadLetters.Add(ctx, 0, t.ofTable(c.Table, attribute.String("state", state)))
	}
	for _, outcome := range []string{"stored", "failed"} {
		t.builder.ReceiverDefenderStorageCursorWrites.Add(ctx, 0, t.of(attribute.String("outcome", outcome)))
	}
	for _, counter := range []metric.Int64Counter{
		t.builder.ReceiverDefenderStorageBytesRead, t.builder.ReceiverDefenderStorageLostBytes, t.builder.ReceiverDefenderStorageRecreatedBlobs,
		t.builder.ReceiverDefenderStorageSkippedEntries, t.builder.ReceiverDefenderStorageUndecoded,
	} {
		counter.Add(ctx, 0, of)
	}
}

// Delivered counts rows by what became of them.
func (t *telemetry) Delivered(table string, result delivery.Result) {
	t.rows(table, delivered, result.Count(delivery.Delivered))
	t.rows(table, refused, result.Count(delivery.Refused))
	now, of := t.now(), t.ofTable(table)
	for i, r := range result.Rows {
		if result.Outcomes[i] == delivery.Delivered && r.Readable {
			t.builder.ReceiverDefenderStorageEventDelay.Record(context.Background(), now.Sub(r.Timestamp).Seconds(), of)
		}
	}
}

// Duplicates counts rows that were handed on before.
func (t *telemetry) Duplicates(table string, n int) { t.rows(table, duplicate, n) }

// Undecoded counts texts that are no rows.
func (t *telemetry) Undecoded(table string, n int) {
	t.builder.ReceiverDefenderStorageUndecoded.Add(context.Background(), int64(n), t.ofTable(table))
}

// Read counts bytes of blobs.
func (t *telemetry) Read(table string, bytes int) {
	t.builder.ReceiverDefenderStorageBytesRead.Add(context.Background(), int64(bytes), t.ofTable(table))
}

// Recreated counts a blob that was made again.
func (t *telemetry) Recreated(table string) {
	t.builder.ReceiverDefenderStorageRecreatedBlobs.Add(context.Background(), 1, t.ofTable(table))
}

// Skipped counts entries of a list that are no append blobs.
func (t *telemetry) Skipped(table string, entries int) {
	t.builder.ReceiverDefenderStorageSkippedEntries.Add(context.Background(), int64(entries), t.ofTable(table))
}

// Lost counts what was deleted before it was read.
func (t *telemetry) Lost(table string, bytes int64) {
	t.builder.ReceiverDefenderStorageLostBytes.Add(context.Background(), bytes, t.ofTable(table))
}

// CursorWrites counts a write of cursors.
func (t *telemetry) CursorWrites(err error) {
	outcome := "stored"
	if err != nil {
		outcome = "failed"
	}
	t.builder.ReceiverDefenderStorageCursorWrites.Add(context.Background(), 1, t.of(attribute.String("outcome", outcome)))
}

// answered counts a request.
func (t *telemetry) answered(operation account.Operation, status int) {
	t.builder.ReceiverDefenderStorageRequests.Add(context.Background(), 1,
		t.of(attribute.String("operation", string(operation)), attribute.Int("status", status)))
}

// letter counts a refused row that was written to the dead letters, or could not be.
func (t *telemetry) letter(table string, written bool) {
	state := "failed"
	if written {
		state = "written"
	}
	t.builder.ReceiverDefenderStorageDeadLetters.Add(context.Background(), 1, t.ofTable(table, attribute.String("state", state)))
}

// observe lets the gauges read the board.
func (t *telemetry) observe(board *health.Board, expiry credentials.Expiry) error {
	b := t.builder
	for _, register := range []func() error{
		func() error {
			return b.RegisterReceiverDefenderStorageBlobsCallback(t.whole(board, func(v health.View) int64 { return int64(v.Blobs.Number) }))
		},
		func() error {
			return b.RegisterReceiverDefenderStorageBytesBehindCallback(t.whole(board, func(v health.View) int64 { return v.Blobs.Behind }))
		},
		func() error {
			return b.RegisterReceiverDefenderStorageOldestUnreadAgeCallback(t.age(board, func(v health.View) (time.Time, bool) { return v.Blobs.Oldest, true }))
		},
		func() error {
			return b.RegisterReceiverDefenderStorageLastGrowthCallback(t.age(board, func(v health.View) (time.Time, bool) { return v.Blobs.Grown, !v.Blobs.Grown.IsZero() }))
		},
		func() error {
			return b.RegisterReceiverDefenderStorageCredentialExpiryCallback(func(_ context.Context, o metric.Float64Observer) error {
				if end, known := expiry(); known {
					o.Observe(end.Sub(t.now()).Seconds(), t.of())
				}
				return nil
			})
		},
	} {
		if err := register(); err != nil {
			return err
		}
	}
	return nil
}

func (t *telemetry) whole(board *health.Board, of func(health.View) int64) func(context.Context, metric.Int64Observer) error {
	return func(_ context.Context, o metric.Int64Observer) error {
		for _, c := range board.Containers() {
			o.Observe(of(c.View()), t.ofTable(c.Table))
		}
		return nil
	}
}

// age observes how long ago a time is; 0 where there is none.
func (t *telemetry) age(board *health.Board, of func(health.View) (time.Time, bool)) func(context.Context, metric.Float64Observer) error {
	return func(_ context.Context, o metric.Float64Observer) error {
		for _, c := range board.Containers() {
			at, known := of(c.View())
			switch {
			case !known:
			case at.IsZero():
				o.Observe(0, t.ofTable(c.Table))
			default:
				o.Observe(max(t.now().Sub(at).Seconds(), 0), t.ofTable(c.Table))
			}
		}
		return nil
	}
}
