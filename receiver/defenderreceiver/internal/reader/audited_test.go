package reader_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// metrics are what a reader and its auditor count.
type metrics struct {
	recovered int
	found     audit.Findings // the sum of all audits
	ended     map[audit.Outcome]int
}

func (*metrics) New(context.Context, delivery.Row)               {}
func (*metrics) Duplicates(context.Context, int)                 {}
func (*metrics) Repaired(context.Context, int64)                 {}
func (*metrics) Truncated(context.Context)                       {}
func (m *metrics) Ended(_ context.Context, o audit.Outcome)      { m.ended[o]++ }
func (m *metrics) Recovered(_ context.Context, rows int)         { m.recovered += rows }
func (m *metrics) Found(_ context.Context, found audit.Findings) { m.found.Add(found) }

// lane is a live lane of DeviceLogonEvents that is read by hand.
type lane struct {
	*tenant
	t       *testing.T
	reader  *reader.Reader
	audits  *reader.Auditor
	metrics *metrics
	sink    *collector.Sink
	storage *collector.Storage
	keeper  *ledger.Keeper
	logs    *observer.ObservedLogs
}

// newLane makes a lane that is read from a time on, in batches of a size, and audited within a window.
func newLane(t *testing.T, basis query.TimeBasis, from time.Time, batch int, window time.Duration) *lane {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	l := &lane{
		tenant: newTenant(t), t: t, sink: &collector.Sink{}, storage: collector.NewStorage(), logs: logs,
		metrics: &metrics{ended: map[audit.Outcome]int{}},
	}
	declared, ok := tables.ByName("DeviceLogonEvents")
	require.True(t, ok)
	question := reader.NewQuestion(query.Table{Table: declared})
	question.Along(basis)
	line, err := scheduler.Join(t.Context(), scheduler.Config{Slots: 1, Limits: quota.Limits{}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, line.Stop(context.Background())) })
	client := service.New(l.tenant, line, service.Settings{
		Lane: declared.Name, Priority: 1, Now: func() time.Time { return l.now }, Logger: zap.NewNop(),
		Answered: func(context.Context, time.Duration, error) {}, Accepted: func() {},
	})
	seen := health.NewRegistry().Add(declared.Name, declared.Name, false)
	as := source.LiveLane{Again: 30 * time.Minute, Audited: window}
	l.reader = reader.New(question, reader.Settings{ID: declared.Name, Lane: as, Settle: 2 * time.Second, MaxRows: 1000}, reader.Surroundings{
		Client: client, Outlet: l.outlet(declared, batch), IDs: rowid.New("tenant", declared), Metrics: l.metrics, Health: seen, Logger: zap.New(core),
	})
	l.reader.Track.Begin()
	l.keeper = ledger.NewKeeper(l.storage, "tenant", 0, func(int, error) {})
	l.reader.Track.Take(ledger.Begin(l.keeper, declared.Name, basis.String(), "", from))
	l.audits = reader.NewAuditor(l.reader, reader.AuditSettings{
		Window: window, Interval: time.Hour, CountBudget: time.Hour, MaxRows: 1000, Yields: func() bool { return false },
	}, l.metrics)
	return l
}

// outlet delivers batches to the sink.
func (l *lane) outlet(table *tables.Table, batch int) *delivery.Outlet {
	set := receivertest.NewNopSettings(component.MustNewType("defender"))
	obsrep, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(l.t, err)
	deliverer := delivery.New(delivery.Settings{
		Next: l.sink, Calls: l.t.Context(), ObsReport: obsrep, Retry: configretry.NewDefaultBackOffConfig(), Logger: zap.NewNop(),
		Waiting: func(string, error) {}, Letters: func(string, bool) {},
	})
	rows := delivery.NewBatch(table, delivery.Origin{TenantID: "tenant"}, "", delivery.Limits{Records: batch, Bytes: 1 << 20})
	return delivery.NewOutlet(deliverer, rows, time.Minute, func(context.Context, delivery.Result) {})
}

// newAudited makes a lane whose rows were delivered and whose audit is due.
func newAudited(t *testing.T, rows int, basis query.TimeBasis) *lane {
	t.Helper()
	return newAuditedFor(t, rows, basis, 3*time.Hour)
}

// newAuditedFor makes one whose audits have a window of their own.
func newAuditedFor(t *testing.T, rows int, basis query.TimeBasis, window time.Duration) *lane {
	t.Helper()
	l := newLane(t, basis, epoch.Add(-3*time.Hour), 100, window)
	l.audits.Begin()
	l.plant(0, rows, epoch.Add(-time.Minute))
	l.readNew()
	l.now = l.now.Add(61 * time.Minute)
	l.readNew()
	l.sink.Exactly(t, rows)
	clear(l.asked)
	return l
}

func (l *lane) ledger() *ledger.Ledger { return l.reader.Track.Ledger() }

// audit audits the lane now.
func (l *lane) audit() error { return l.audits.Audit(l.t.Context()) }

// readNew reads what has come, without an audit.
func (l *lane) readNew() {
	l.t.Helper()
	track := l.reader.Track
	l.reader.Plan(l.ledger().CompleteUntil().Add(-track.Overlap()), track.Horizon())
	require.NoError(l.t, l.reader.ReadRanges(l.t.Context()))
}

// plantLate puts rows into the service that become visible only now, behind the cursor.
func (l *lane) plantLate(first, n int) { l.plant(first, n, epoch.Add(-time.Minute)) }

// due lets a range that cannot be read be tried again now.
func (l *lane) due(i int) {
	unreadable := l.ledger().Unreadable()
	unreadable.Postpone(unreadable.All()[i], epoch.Add(-15*time.Minute))
}

// stored is up to when the lane is complete in the storage.
func (l *lane) stored() time.Time {
	found, err := ledger.Open(l.t.Context(), ledger.NewKeeper(l.storage, "tenant", 0, func(int, error) {}), l.reader.Track.ID())
	assert.NoError(l.t, err)
	if found == nil {
		return time.Time{}
	}
	return found.CompleteUntil()
}

// found is what audits say so far: rows that match, that were recovered, that are missing.
func (l *lane) found() []int {
	return []int{l.metrics.found.Matched, l.metrics.recovered, l.metrics.found.Missing}
}

// says is how often an audit's line in the log has a text.
func (l *lane) says(text string) int {
	n := 0
	for _, e := range l.logs.All() {
		if strings.HasPrefix(e.Message, "Audit: ") && strings.Contains(e.Message, text) {
			n++
		}
	}
	return n
}

// allDelivered is in the line of an audit to which nothing is to be added.
func (l *lane) allDelivered() bool {
	return slices.ContainsFunc(l.logs.All(), func(e observer.LoggedEntry) bool {
		return e.Message == "Audit: all rows that the service counts were delivered."
	})
}
