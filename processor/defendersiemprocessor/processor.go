package defendersiemprocessor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
	"github.com/otelcol-defender/otelcol-defender/internal/reach"
	"github.com/otelcol-defender/otelcol-defender/internal/storageclient"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/emitted"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/metadata"
)

// pruneEvery is how often old alerts are deleted from the storage.
const pruneEvery = 24 * time.Hour

// siem is the processor.
type siem struct {
	now       func() time.Time
	id        component.ID
	storageID *component.ID
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	next      consumer.Logs
	converter converter

	// turn is held by the one call with alerts that is under way. It guards everything below.
	turn   chan struct{}
	book   *emitted.Book
	pruned time.Time
}

var _ processor.Logs = (*siem)(nil)

func newProcessor(set processor.Settings, cfg *Config, next consumer.Logs, now func() time.Time) (*siem, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("creating the processor's metrics: %w", err)
	}
	return &siem{
		now: now, id: set.ID, storageID: cfg.StorageID, logger: set.Logger, telemetry: telemetry, next: next,
		converter: newConverter(cfg), turn: make(chan struct{}, 1), book: emitted.New(nil, now),
	}, nil
}

// Capabilities implements consumer.Logs: what comes in is not changed, so that a refused call can be tried again as it is.
func (*siem) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// Start implements component.Component.
func (s *siem) Start(ctx context.Context, host component.Host) error {
	tally{}.report(ctx, s.telemetry, s.id)
	if s.storageID == nil {
		return nil
	}
	client, err := storageclient.Share(ctx, host, *s.storageID, component.KindProcessor, s.id)
	if err != nil {
		return err
	}
	s.book = emitted.New(client, s.now)
	if _, shared := client.(lease.Shared); !shared { // else it is pruned after the first call
		s.prune(ctx)
	}
	return nil
}

// Shutdown implements component.Component.
func (s *siem) Shutdown(ctx context.Context) error {
	s.telemetry.Shutdown()
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	book := s.book
	s.book = emitted.New(nil, s.now)
	return book.Close(ctx)
}

// ConsumeLogs implements consumer.Logs.
func (s *siem) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	reach.Judged(ctx)
	keys := s.converter.keysOf(logs)
	if len(keys) == 0 {
		return s.handOn(ctx, s.converter.convert(logs, nil))
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	call, err := s.book.Open(ctx, keys)
	if err != nil {
		return err
	}
	if err := s.handOn(ctx, s.converter.convert(logs, call)); err != nil {
		return refusalOf(logs, err)
	}
	s.commit(ctx, call)
	return nil
}

// refusalOf is the error for those who made a call with alerts. An error that names the records which failed names records
// that they do not know. Where it names others of the call too, they would take the alerts for accepted. So it names the
// whole call.
func refusalOf(logs plog.Logs, err error) error {
	if _, ok := errors.AsType[consumererror.Logs](err); ok {
		return consumererror.NewLogs(err, logs)
	}
	return err
}

// begin waits for the turn, until the call's context ends.
func (s *siem) begin(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *siem) end() { <-s.turn }

func (s *siem) handOn(ctx context.Context, c converted) error {
	records := c.logs.LogRecordCount() // before the next component changes it
	if records > 0 {
		if err := s.next.ConsumeLogs(ctx, c.logs); err != nil {
			return err
		}
		reach.Passed(ctx, records)
	}
	c.tally.report(ctx, s.telemetry, s.id)
	if beyond := c.tally.records[outcomeBeyond]; beyond > 0 {
		s.logger.Warn("An alert has more records than max_records_per_alert; the others are left out", zap.Int("records", beyond))
	}
	return nil
}

// commit notes what the next consumer has accepted. It has accepted it whatever the storage says, so the call does not
// fail, and a context that has ended meanwhile does not keep the records from being stored.
func (s *siem) commit(ctx context.Context, call *emitted.Call) {
	ctx = context.WithoutCancel(ctx)
	if err := call.Commit(ctx); err != nil {
		s.logger.Warn("Cannot store which records were handed on; it is tried again with the next alert. "+
			"After a crash these records come again, with the same FullId", zap.Error(err))
	}
	if s.now().Sub(s.pruned) > pruneEvery {
		s.prune(ctx)
	}
}

// prune deletes what is stored of alerts that the service has forgotten. Where that fails, the storage is larger for a day.
func (s *siem) prune(ctx context.Context) {
	s.pruned = s.now()
	if err := s.book.Prune(ctx); err != nil {
		s.logger.Warn("Cannot delete old alerts from the storage; it is tried again in a day", zap.Error(err))
	}
}
