package defenderreceiver

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
)

// TestConsumeContract runs the Collector's own check of how a receiver treats what its pipeline says. The check forbids
// to send again what was refused for good. The receiver does so on purpose, to find out whether it is the rows that are
// refused or the destination is in trouble: so a refusal for good is kept from it here.
func TestConsumeContract(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.config(logons)
	cfg.StorageID = nil // the check's host has no extensions
	receivertest.CheckConsumeContract(receivertest.CheckConsumeContractParams{
		T:             t,
		Factory:       taggingFactory(),
		Signal:        pipeline.SignalLogs,
		Config:        cfg,
		Generator:     &plantingGenerator{stage: s},
		GenerateCount: 100,
	})
}

// plantingGenerator plants rows whose ReportId is the id that the check looks for.
type plantingGenerator struct {
	stage *stage

	mu   sync.Mutex // guards everything below, and that a row arrives before the clock moves on
	last int
}

func (*plantingGenerator) Start() {}

// Stop puts what was planted out of reach of the next scenario's receiver.
func (g *plantingGenerator) Stop() { g.stage.Clock.Advance(2 * time.Hour) }

func (g *plantingGenerator) Generate() []receivertest.UniqueIDAttrVal {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last++
	g.stage.Plant(g.last, 1, g.stage.Clock.Now())
	g.stage.Clock.Advance(2 * settle)
	return []receivertest.UniqueIDAttrVal{receivertest.UniqueIDAttrVal(strconv.Itoa(g.last))}
}

// taggingFactory makes receivers whose records carry their row's ReportId as the attribute that the
// check reads.
func taggingFactory() receiver.Factory {
	return receiver.NewFactory(metadata.Type, createDefaultConfig, receiver.WithLogs(
		func(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
			return createLogs(ctx, set, cfg, tagging{next})
		}, component.StabilityLevelAlpha))
}

type tagging struct{ consumer.Logs }

func (tagging) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (t tagging) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, log := range scope.LogRecords().All() {
				id, _ := log.Body().Map().Get("ReportId")
				log.Attributes().PutStr(receivertest.UniqueIDAttrName, id.AsString())
			}
		}
	}
	err := t.Logs.ConsumeLogs(ctx, logs)
	if consumererror.IsPermanent(err) {
		return nil
	}
	return err
}
