package testbed

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// StorageID names the storage on a stage.
var StorageID = component.MustNewIDWithName("memory", "cursors")

// Stage is an emulator with a clock of its own, and all that outlives a component: its storage, what the pipeline has
// accepted, what was reported of its health, what it has counted.
type Stage struct {
	Sim     *defendersim.Server
	Clock   *defendersim.Clock
	Storage *collector.Storage
	Sink    *collector.Sink
	Status  *collector.Status
	Metrics collector.Metrics

	t    *testing.T
	wire *wire // out of synthetic time
}

// NewStage starts an emulator that stands at Epoch until its clock is moved. It has no quotas unless the options say which.
func NewStage(t *testing.T, o defendersim.Options) *Stage {
	t.Helper()
	clock := defendersim.NewClock(Epoch)
	o.Now = clock.Now
	if o.Limits == nil {
		limits := defendersim.DefaultLimits().WithoutQuotas()
		o.Limits = &limits
	}
	s := &Stage{
		Sim: StartEmulator(t, o), Clock: clock, Storage: collector.NewStorage(), Sink: &collector.Sink{}, Status: &collector.Status{},
		Metrics: collector.NewMetrics(), t: t,
	}
	t.Cleanup(func() { require.NoError(t, s.Metrics.Shutdown(context.Background())) })
	return s
}

// Host is a Collector with the storage.
func (s *Stage) Host() collector.Host {
	return collector.Host{Extensions: collector.Extensions{StorageID: s.Storage}, Status: s.Status}
}

// Plant puts rows of DeviceLogonEvents into the service, numbered from first, arriving at the time given.
func (s *Stage) Plant(first, n int, arrived time.Time) {
	s.t.Helper()
	rows := make([]defendersim.Planted, n)
	for i := range rows {
		rows[i] = defendersim.Planted{Row: LogonRow(first + i), IngestionTime: arrived}
	}
	require.NoError(s.t, s.Sim.Plant("DeviceLogonEvents", rows...))
}

// Exactly demands that n records were accepted, and none twice.
func (s *Stage) Exactly(n int) {
	s.t.Helper()
	s.Sink.Exactly(s.t, n)
}

// Polls waits until n more queries of the table were answered.
func (s *Stage) Polls(table string, n int64) {
	s.t.Helper()
	queries := func() int64 {
		for _, report := range s.Sim.Report().Tables {
			if report.Table == table {
				return report.Queries
			}
		}
		return 0
	}
	before := queries()
	require.Eventually(s.t, func() bool { return queries() >= before+n }, Wait, time.Millisecond)
}
