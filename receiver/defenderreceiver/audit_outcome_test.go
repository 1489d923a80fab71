package defenderreceiver

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

// failing makes all queries of a kind fail.
func failing(kind string, err error) func(string) (string, error) {
	return func(kql string) (string, error) {
		if strings.Contains(kql, kind) {
			return "", err
		}
		return kql, nil
	}
}

var errUnavailable = &hunting.Error{Kind: hunting.Transient, Status: 503}

// audited is a live table that is polled by hand, whose rows were delivered and whose audit is due with the next poll.
type auditedTable struct {
	*lane
	receiver *defenderReceiver
	s        *stage
	service  *editing
	logs     *observer.ObservedLogs
}

func newAuditedTable(t *testing.T, rows int, mode Mode) auditedTable {
	t.Helper()
	return newTableAuditedFor(t, rows, mode, 3*time.Hour)
}

// newTableAuditedFor makes one whose audits have a window of their own.
func newTableAuditedFor(t *testing.T, rows int, mode Mode, window time.Duration) auditedTable {
	t.Helper()
	s := newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})
	s.Plant(0, rows, epoch.Add(-time.Minute))
	cfg := s.historyConfig()
	cfg.LateArrival.Mode, cfg.LateArrival.Audit.Window = mode, window
	cfg.InitialLookback = 3 * time.Hour
	core, logs := observer.New(zap.InfoLevel)
	live, _, service := s.manual(cfg, func(r *defenderReceiver) { r.set.Logger = zap.New(core) })
	r := s.receivers[0]
	require.NoError(t, r.telemetry.observe(r.lanes[:1], r.scheduler, s.registry))
	t.Cleanup(r.telemetry.shutdown)
	go s.registry.Run(t.Context(), s.Host())
	a := auditedTable{s: s, lane: live, receiver: r, service: service, logs: logs}
	require.NoError(t, live.poll(t.Context()))
	s.Clock.Advance(61 * time.Minute)
	a.learn()
	clear(service.asked)
	return a
}

// audit audits the table now.
func (a auditedTable) audit(ctx context.Context) error { return a.audits.Audit(ctx) }

// readNew reads what has come, without an audit.
func (a auditedTable) readNew(ctx context.Context) error {
	track := a.reader.Track
	a.reader.Plan(track.Ledger().CompleteUntil().Add(-track.Overlap()), track.Horizon())
	return a.reader.ReadRanges(ctx)
}

// setAside notes a range that cannot be read.
func (a auditedTable) setAside(from, to time.Time) {
	a.ledger().Unreadable().Add(from, to, a.now())
}

// retry tries the ranges again that cannot be read.
func (a auditedTable) retry(ctx context.Context) error { return a.reader.Unreadable.Retry(ctx) }

// due lets a range that cannot be read be tried again now.
func (a auditedTable) due(i int) {
	unreadable := a.ledger().Unreadable()
	unreadable.Postpone(unreadable.All()[i], epoch.Add(-15*time.Minute))
}

// gauge is what a metric says of the table.
func (s *stage) gauge(name, table string) (float64, bool) {
	m, err := s.Metrics.GetMetric("otelcol_receiver_defender_" + name)
	if err != nil {
		return 0, false
	}
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		for _, p := range data.DataPoints {
			if v, _ := p.Attributes.Value("table"); v.AsString() == table {
				return float64(p.Value), true
			}
		}
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			if v, _ := p.Attributes.Value("table"); v.AsString() == table {
				return p.Value, true
			}
		}
	}
	return 0, false
}

// attempts are the audits that ended in each way.
func (s *stage) attempts(outcome audit.Outcome) int {
	s.t.Helper()
	m, err := s.Metrics.GetMetric("otelcol_receiver_defender_audits")
	require.NoError(s.t, err)
	n, found := 0, false
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		if v, _ := p.Attributes.Value("outcome"); v.AsString() == string(outcome) {
			n, found = n+int(p.Value), true
		}
	}
	assert.True(s.t, found, "the series exists from the start")
	return n
}

// says reports whether an audit's line in the log has a text.
func (a auditedTable) says(text string) bool {
	return slices.ContainsFunc(a.logs.All(), func(e observer.LoggedEntry) bool {
		return strings.HasPrefix(e.Message, "Audit: ") && strings.Contains(e.Message, text)
	})
}

// learn asks the service for its time.
func (a auditedTable) learn() {
	a.s.t.Helper()
	require.NoError(a.s.t, a.probe(a.s.t.Context()))
}

const allDelivered = "Audit: all rows that the service counts were delivered."

// lateRows become visible only now, behind the cursor.
func (a auditedTable) lateRows(first, n int) {
	a.s.t.Helper()
	a.s.Plant(first, n, epoch.Add(-time.Minute))
}

func TestAuditMetricsExistFromTheStart(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.start(s.config(logons, "DeviceInfo"))
	s.Polls(logons, 1)
	for _, name := range []string{"audit_missing", "audit_refused", "audit_age"} {
		_, ok := s.gauge(name, logons)
		assert.True(t, ok, name)
		_, ok = s.gauge(name, "DeviceInfo")
		assert.False(t, ok, "%s: a directory is not audited", name)
	}
	for _, outcome := range []audit.Outcome{audit.Complete, audit.Incomplete, audit.Failed} {
		assert.Zero(t, s.attempts(outcome))
	}
}

// What a failing service did not give is not missing: it is asked again, and sooner than the next audit.
func TestWhatCouldNotBeReadAgainIsNotMissing(t *testing.T) {
	for _, mode := range []Mode{ModeIngestionTime, ModeEventTime} {
		t.Run(string(mode), func(t *testing.T) {
			a := newAuditedTable(t, 10, mode)
			require.NoError(t, a.readNew(t.Context()))
			a.lateRows(10, 3)
			a.service.edit = failing(ofRead, errUnavailable)
			require.ErrorIs(t, a.audit(t.Context()), errUnavailable)
			require.ErrorIs(t, a.audit(t.Context()), errUnavailable)
			assert.Equal(t, 2, a.s.attempts(audit.Incomplete))
			assert.Zero(t, a.s.attempts(audit.Complete)+a.s.attempts(audit.Failed))
			missing, _ := a.s.gauge("audit_missing", logons)
			assert.Zero(t, int(missing)+a.s.audited("missing"))
			assert.False(t, a.audits.Record().View().Audited)
			assert.Empty(t, a.logs.FilterMessage(allDelivered).All())
			assert.Equal(t, 1, a.service.asked[ofCount], "what was counted is kept")
			wait := a.audits.Next().Sub(a.now())
			assert.Positive(t, wait)
			assert.Less(t, wait, 5*time.Minute)

			a.service.edit = nil
			require.NoError(t, a.audit(t.Context()))
			assert.Equal(t, 1, a.s.attempts(audit.Complete))
			assert.Equal(t, 3, a.s.audited("recovered"))
			assert.Equal(t, 10, a.s.audited("matched"))
			assert.Zero(t, a.s.audited("missing"))
			a.s.Exactly(13)
			assert.WithinDuration(t, a.now().Add(time.Hour), a.audits.Next(), time.Second)
		})
	}
}

// Without counts an audit has failed. It changes nothing of what the last one says.
func TestAuditWithoutCounts(t *testing.T) {
	a := newAuditedTable(t, 10, ModeIngestionTime)
	a.service.edit = failing(ofCount, errUnavailable)
	require.ErrorIs(t, a.poll(t.Context()), errUnavailable)
	assert.Equal(t, 1, a.s.attempts(audit.Failed))
	assert.False(t, a.audits.Record().View().Audited)
	assert.Zero(t, a.s.audited("matched"))
	var waits []time.Duration
	for range 3 {
		waits = append(waits, a.audits.Next().Sub(a.now()))
		a.s.Clock.Set(a.audits.Next().Add(time.Second))
		a.learn()
		require.ErrorIs(t, a.poll(t.Context()), errUnavailable)
	}
	assert.IsIncreasing(t, waits)
	assert.Less(t, waits[2], time.Hour/2)
	a.service.edit = nil
	require.NoError(t, a.audit(t.Context()))
	assert.True(t, a.says("all rows that the service counts were delivered"))
}

// A quota that is spent is no failure of the audit, which goes on with the next poll.
func TestAuditThatIsThrottled(t *testing.T) {
	a := newAuditedTable(t, 10, ModeIngestionTime)
	throttled := &hunting.Error{Kind: hunting.RateLimited, Status: 429}
	a.service.edit = failing(ofCount, throttled)
	require.ErrorIs(t, a.poll(t.Context()), throttled)
	assert.Zero(t, a.s.attempts(audit.Failed))
	assert.True(t, a.audits.Due())
}

// A row is missing that the service counts and does not give, and only as long as that is so.
func TestMissingRowsAreCountedAgain(t *testing.T) {
	a := newAuditedTable(t, 10, ModeIngestionTime)
	require.NoError(t, a.readNew(t.Context()))
	a.lateRows(10, 2)
	a.service.edit = func(kql string) (string, error) {
		return strings.Replace(kql, ofRead, "| where ReportId != 10\n"+ofRead, 1), nil
	}
	first := a.now()
	require.NoError(t, a.audit(t.Context()))
	gauge := func() float64 {
		value, _ := a.s.gauge("audit_missing", logons)
		return value
	}
	assert.InDelta(t, 1, gauge(), 0)
	assert.Equal(t, []int{10, 1, 1}, []int{a.s.audited("matched"), a.s.audited("recovered"), a.s.audited("missing")})
	assert.True(t, a.says("1 row is missing since "+first.Format(time.RFC3339)))
	assert.Eventually(t, func() bool { return a.s.Status.Notes("1 row is missing since " + first.Format(time.RFC3339)) }, wait, time.Millisecond)
	assert.Empty(t, a.logs.FilterMessage(allDelivered).All())

	a.s.Clock.Advance(10 * time.Minute)
	require.NoError(t, a.poll(t.Context()))
	require.NoError(t, a.audit(t.Context()))
	assert.InDelta(t, 1, gauge(), 0, "it is the present truth, not a sum")
	assert.Equal(t, 2, a.logs.FilterMessageSnippet("1 row is missing since "+first.Format(time.RFC3339)).Len(), "since the first time")

	a.service.edit = nil
	require.NoError(t, a.audit(t.Context()))
	assert.Zero(t, gauge())
	assert.Equal(t, 2, a.s.audited("recovered"))
	assert.Equal(t, 2, a.s.audited("missing"), "the counter adds up what audits found")
}

// Rows that leave the service, or the range, between count and read were counted once and are not missing.
func TestRowsThatLeftAreNotMissing(t *testing.T) {
	a := newAuditedTable(t, 10, ModeIngestionTime)
	require.NoError(t, a.readNew(t.Context()))
	counts := 0
	a.service.edit = func(kql string) (string, error) {
		if strings.Contains(kql, ofCount) {
			if counts++; counts == 1 {
				// It counts two more than there will be.
				kql = strings.Replace(kql, "= count()", "= 2 + count()", 1)
			}
		}
		return kql, nil
	}
	require.NoError(t, a.audit(t.Context()))
	assert.Equal(t, 2, counts)
	assert.Equal(t, []int{10, 0, 0}, []int{a.s.audited("matched"), a.s.audited("recovered"), a.s.audited("missing")})
	assert.True(t, a.says("all rows that the service counts were delivered"))
}

// The word delivered never covers a row that the pipeline refused for good.
func TestRefusedIsNotDelivered(t *testing.T) {
	for directory, words := range map[string]string{
		"":          "3 rows were refused by the pipeline for good and passed over, because dead_letter::directory is not set",
		"somewhere": "3 rows were refused by the pipeline for good and kept in the dead letters",
	} {
		a := newAuditedTable(t, 7, ModeIngestionTime)
		a.audits.KeepsRefused = directory != ""
		require.NoError(t, a.readNew(t.Context()))
		a.lateRows(7, 3)
		for i := range byte(3) {
			a.ledger().Refuse(uuid.UUID{i}, epoch.Add(-time.Minute))
		}
		require.NoError(t, a.audit(t.Context()))
		refused, _ := a.s.gauge("audit_refused", logons)
		assert.InDelta(t, 3, refused, 0)
		assert.Equal(t, []int{7, 3, 0}, []int{a.s.audited("matched"), a.s.audited("refused"), a.s.audited("missing")})
		assert.True(t, a.says(words), "%v", a.logs.All())
		assert.Eventually(t, func() bool { return a.s.Status.Notes(words) }, wait, time.Millisecond)
		assert.Empty(t, a.logs.FilterMessage(allDelivered).All())
	}
}

// What is set aside is neither delivered nor missing. What lies beside it in its bin is read all the same.
func TestAuditOfWhatIsSetAside(t *testing.T) {
	a := newAuditedTable(t, 10, ModeEventTime)
	require.NoError(t, a.readNew(t.Context()))
	at := func(number int) time.Time { return epoch.Add(-time.Hour).Add(time.Duration(number) * paging.Tick) }
	a.setAside(at(20), at(22))
	a.lateRows(20, 3) // of which the last is beside it
	require.NoError(t, a.audit(t.Context()))
	assert.Equal(t, []int{10, 1, 0}, []int{a.s.audited("matched"), a.s.audited("recovered"), a.s.audited("missing")})
	assert.Equal(t, 2, a.audits.Record().View().Last.Unread)
	assert.True(t, a.says("2 rows are in ranges that cannot be read (1 set aside)"))
	a.s.Exactly(11)

	a.due(0)
	require.NoError(t, a.retry(t.Context()))
	require.NoError(t, a.audit(t.Context()))
	assert.Equal(t, 13, a.audits.Record().View().Last.Matched)
	assert.True(t, a.says("all rows that the service counts were delivered"))
}

// An audit that takes long goes on although the table's cursor moves on: the ledger of its window is kept, so that
// nothing is delivered again, and what came later does not make up for what is missing.
func TestAuditBesideAMovingCursor(t *testing.T) {
	a := newTableAuditedFor(t, 10, ModeIngestionTime, 70*time.Minute)
	require.NoError(t, a.readNew(t.Context()))
	a.lateRows(10, 2)
	a.service.edit = failing(ofCount, errUnavailable)
	require.Error(t, a.audit(t.Context()))
	a.service.edit = nil
	a.s.Clock.Advance(50 * time.Minute)
	a.s.Plant(100, 5, a.s.Clock.Now().Add(-10*time.Minute))
	a.learn()
	require.NoError(t, a.readNew(t.Context()))
	a.s.delivered(15)
	// The storage has forgotten by now what the ledger does not keep.
	require.NoError(t, a.reader.Track.Keep())
	go a.receiver.keeper.Run(t.Context())
	require.Eventually(t, func() bool {
		return a.s.cursor(logons).CompleteUntil.Equal(a.ledger().CompleteUntil())
	}, wait, time.Millisecond)
	require.NoError(t, a.audit(t.Context()))
	a.s.Exactly(17)
	assert.Equal(t, []int{10, 2, 0}, []int{a.s.audited("matched"), a.s.audited("recovered"), a.s.audited("missing")})
}

// Rows that come after the end of an audit do not make up for one that is missing before it, in the same bin.
func TestAuditOfTheBinThatItsEndCuts(t *testing.T) {
	a := newAuditedTable(t, 10, ModeIngestionTime)
	require.NoError(t, a.readNew(t.Context()))
	a.s.Plant(10, 1, epoch.Add(60*time.Minute+10*time.Second))
	a.service.edit = failing(ofCount, errUnavailable)
	require.Error(t, a.audit(t.Context()))
	a.service.edit = nil
	a.s.Plant(11, 1, epoch.Add(62*time.Minute))
	a.s.Clock.Advance(2 * time.Minute)
	a.learn()
	require.NoError(t, a.readNew(t.Context()))
	a.s.delivered(11)
	require.NoError(t, a.audit(t.Context()))
	a.s.Exactly(12)
	assert.Equal(t, []int{10, 1, 0}, []int{a.s.audited("matched"), a.s.audited("recovered"), a.s.audited("missing")})
}

// Counts of other rows, and old ones, are not gone on with.
func TestCountsThatAreNotComparable(t *testing.T) {
	for name, change := range map[string]func(a auditedTable){
		"they are old": func(a auditedTable) {
			a.s.Clock.Advance(time.Hour + time.Minute)
			fails := a.service.edit
			a.service.edit = nil
			a.learn()
			a.service.edit = fails
		},
		"another filter":     func(a auditedTable) { a.reader.Question.LeaveArrived(epoch.Add(time.Hour)) },
		"another ledger":     func(a auditedTable) { l := *a.ledger(); a.reader.Track.Take(&l) },
		"another time basis": func(a auditedTable) { a.reader.Question.Along(1 - a.reader.Question.TimeBasis()) },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuditedTable(t, 10, ModeIngestionTime)
			require.NoError(t, a.readNew(t.Context()))
			a.lateRows(10, 1)
			a.service.edit = failing(ofRead, errUnavailable)
			for range 2 {
				require.Error(t, a.audit(t.Context()))
				assert.Equal(t, 1, a.service.asked[ofCount], "the counts are kept")
			}
			change(a)
			require.Error(t, a.audit(t.Context()))
			assert.Equal(t, 2, a.service.asked[ofCount])
		})
	}
}

// One bin that fails does not keep the others from being read.
func TestAuditGoesOnWithOtherBins(t *testing.T) {
	a := newAuditedTable(t, 1, ModeIngestionTime)
	require.NoError(t, a.readNew(t.Context()))
	for i := range 4 {
		a.s.Plant(10+i, 1, epoch.Add(time.Duration(10*i)*time.Minute))
	}
	poison := "datetime(" + epoch.Format("2006-01-02T15:04:05")
	a.service.edit = func(kql string) (string, error) {
		if strings.Contains(kql, ofRead) && strings.Contains(kql, poison) {
			return "", errUnavailable
		}
		return kql, nil
	}
	for range 3 {
		require.ErrorIs(t, a.audit(t.Context()), errUnavailable)
	}
	a.s.Exactly(4)
	assert.Equal(t, 1, a.service.asked[ofCount])
	assert.LessOrEqual(t, a.service.asked[ofRead], 7)
	a.service.edit = nil
	require.NoError(t, a.audit(t.Context()))
	a.s.Exactly(5)
	assert.Equal(t, 4, a.s.audited("recovered"))
}

// The service's trouble does not make a range that is set aside wait ever longer.
func TestTroubleIsNoTryOfARangeAside(t *testing.T) {
	a := newAuditedTable(t, 10, ModeEventTime)
	require.NoError(t, a.readNew(t.Context()))
	for i := range 3 {
		a.setAside(epoch.Add(time.Duration(i)*time.Second), epoch.Add(time.Duration(i+1)*time.Second))
		a.due(i)
	}
	a.service.edit = failing(ofRead, errUnavailable)
	clear(a.service.asked)
	require.ErrorIs(t, a.retry(t.Context()), errUnavailable)
	assert.Equal(t, 1, a.service.asked[ofRead], "the others are not tried at once")
	require.Len(t, a.ledger().Unreadable().All(), 3)
	assert.Zero(t, a.ledger().Unreadable().All()[0].Tries)
	a.service.edit = failing(ofRead, &hunting.Error{Kind: hunting.TooLarge})
	require.NoError(t, a.retry(t.Context()))
	ranges := a.ledger().Unreadable().All()
	assert.Equal(t, []int{0, 1, 1}, []int{ranges[0].Tries, ranges[1].Tries, ranges[2].Tries})
	a.service.edit = nil
	a.due(0)
	a.due(1)
	require.NoError(t, a.retry(t.Context()))
	assert.Len(t, a.ledger().Unreadable().All(), 1)
}

// alertsByHand is the live lane of Alerts, with an alert of four hours ago whose severity changed half an hour ago.
func alertsByHand(t *testing.T) (alertStage, *lane, *editing) {
	t.Helper()
	s := alertStage{newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})}
	cfg := s.config("Alerts")
	cfg.Backfill.Window, cfg.InitialLookback = 72*time.Hour, 5*time.Hour
	live, _, service := s.manual(cfg)
	s.Clock.Set(epoch.Add(-4 * time.Hour))
	s.info(nil)
	s.evidence(nil)
	s.Clock.Set(epoch.Add(-30 * time.Minute))
	s.info(map[string]any{"Severity": "High"})
	s.Clock.Set(epoch)
	require.NoError(t, live.poll(t.Context()))
	s.Exactly(1)
	// Its counts were found to be too much.
	service.edit = failing(ofCount, &hunting.Error{Kind: hunting.TooHeavy, Status: 400})
	for range 4 {
		require.Error(t, live.audits.Audit(t.Context()))
	}
	service.edit = nil
	clear(service.asked)
	return s, live, service
}

// An alert that was updated within the window is counted and read once, in however many parts the window is counted.
func TestAuditOfAlertsInParts(t *testing.T) {
	s, live, service := alertsByHand(t)
	require.NoError(t, live.audits.Audit(t.Context()))
	assert.Greater(t, service.asked[ofCount], 4)
	assert.Equal(t, []int{1, 0, 0}, []int{s.audited("matched"), s.audited("recovered"), s.audited("missing")})
	s.Exactly(1)
}

// Nor is one missing that moves to a later part between count and read.
func TestAlertThatMovesDuringAnAudit(t *testing.T) {
	s, live, service := alertsByHand(t)
	moved := false
	service.edit = func(kql string) (string, error) {
		if !moved && service.asked[ofCount] > 1 && !strings.Contains(kql, ofCount) {
			moved = true
			s.info(map[string]any{"Severity": "Informational"})
		}
		return kql, nil
	}
	// It is seen late: it has arrived within the time that was read.
	s.Clock.Set(epoch.Add(-10 * time.Minute))
	require.NoError(t, live.audits.Audit(t.Context()))
	assert.True(t, moved)
	assert.Zero(t, s.audited("missing"))
	require.NoError(t, live.audits.Audit(t.Context()))
	assert.Equal(t, 1, s.audited("recovered"))
	s.Exactly(2)
}
