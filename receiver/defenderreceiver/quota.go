package defenderreceiver

import (
	"context"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// limits is the receiver's share of the tenant's quota. The service counts CPU in cycles of a quarter
// hour and blocks a tenant for the rest of one, so an hour's CPU is spent by quarters.
func (c QuotaConfig) limits() quota.Limits {
	share := func(window time.Duration, amount float64) quota.Limit {
		return quota.Limit{Window: window, Amount: amount}.Share(c.Share)
	}
	hour := share(time.Hour, c.CPUPerHour.Seconds())
	return quota.Limits{
		Requests: []quota.Limit{
			share(time.Minute, float64(c.RequestsPerMinute)),
			share(time.Hour, float64(c.RequestsPerHour)),
		},
		CPU: []quota.Limit{
			quota.Limit{Window: failure.CPUCycle, Amount: hour.Amount}.Share(float64(failure.CPUCycle) / float64(time.Hour)),
			hour,
			share(24*time.Hour, c.CPUPerDay.Seconds()),
		},
	}
}

// quotaName tells tenants' quotas apart. Both APIs of a cloud share one.
func (c *Config) quotaName() string {
	where := firstOf(c.ClientConfig.Endpoint, string(c.Cloud))
	return strings.ToLower(strings.Join([]string{where, c.Credentials.TenantID, c.Credentials.ClientID}, " "))
}

// quotaKey is where what was spent stands in the storage.
func (c *Config) quotaKey() string {
	return strings.ToLower("quota/v1/" + c.Credentials.TenantID + "/" + c.Credentials.ClientID)
}

// joinQuota makes the receiver's scheduler.
func (r *defenderReceiver) joinQuota(ctx context.Context, store scheduler.Store, registry *health.Registry) (*scheduler.Scheduler, error) {
	return scheduler.Join(ctx, scheduler.Config{
		Tenant: r.cfg.quotaName(), Receiver: r.set.ID.String(),
		Slots: r.cfg.Quota.MaxConcurrentQueries, Limits: r.cfg.Quota.limits(),
		Store: store, Key: r.cfg.quotaKey(), Logger: r.set.Logger,
		Report: (&quotaReporter{logger: r.set.Logger, registry: registry}).report,
	})
}

// quotaReporter says in log and status what has changed.
type quotaReporter struct {
	logger       *zap.Logger
	registry     *health.Registry
	failed, lack bool // as said last
}

func (r *quotaReporter) report(s scheduler.Snapshot) {
	if failed := s.StoreFailure != nil; failed != r.failed {
		r.failed = failed
		if failed {
			r.logger.Error("All tables wait: what is spent of the quota cannot be stored.", zap.Error(s.StoreFailure))
		}
		r.registry.SetCommon(quotaTrouble, s.StoreFailure)
	}
	if s.Short == r.lack {
		return
	}
	r.lack = s.Short
	if !s.Short {
		r.logger.Info("The quota suffices for all tables.")
		r.registry.Note(shortNote, "")
		return
	}
	var waiting []string
	for _, w := range s.Waiting {
		if w.ForQuota {
			waiting = append(waiting, w.Table)
		}
	}
	r.logger.Warn("The quota does not suffice for all tables: those of low priority are read less often, and nothing is skipped. "+
		"Raise quota::share or the quota's figures if the tenant has more, or disable tables.", zap.Strings("waiting", waiting))
	r.registry.Note(shortNote, "the quota does not suffice for all tables: those of low priority are read less often")
}

const (
	quotaTrouble = "quota"       // beside the tables' names in the status
	shortNote    = "quota_short" // attribute of the status
)

// Kinds of queries, whose costs differ.
const (
	kindRead  = "read"
	kindCount = "count"
	kindProbe = "probe"
)

var read = scheduler.Turn{Kind: kindRead}

// turn makes a query's turn the table's.
func (t *table) turn(query scheduler.Turn) scheduler.Turn {
	query.Table, query.Priority, query.Due, query.Spare = t.id(), t.cfg.Tables[t.name].Priority, t.due, t.lane != ""
	query.Behind = t.behind()
	return query
}

// behind is how late the rows are that are to be read. They are not before a poll in time would have read them.
func (t *table) behind() time.Duration {
	if t.ledger == nil {
		return max(time.Since(t.since), 0)
	}
	return max(t.serviceNow().Sub(t.ledger.CompleteUntil())-t.cfg.Settle-t.cadence.Interval(), 0)
}

// send waits for a turn, sends a query and returns when its answer begins. What the query has cost is
// taken out of the quota when the answer is closed.
func (t *table) send(ctx context.Context, turn scheduler.Turn, p query.Page, kql string, columns []column) (*hunting.Rows, error) {
	return t.ask(ctx, turn, p, func() (*hunting.Rows, error) { return t.client.Query(ctx, kql, columns) })
}

// takeTurn waits for the next query's turn, unless it was taken already.
func (t *table) takeTurn(ctx context.Context, turn scheduler.Turn) error {
	if t.grant != nil {
		return nil
	}
	var err error
	t.grant, err = t.scheduler.Acquire(ctx, t.turn(turn))
	return err
}

// leaveTurn gives back a turn that no query has used.
func (t *table) leaveTurn() {
	if t.grant != nil {
		t.grant.Cancel()
		t.grant = nil
	}
}

func (t *table) ask(ctx context.Context, turn scheduler.Turn, p query.Page, request func() (*hunting.Rows, error)) (*hunting.Rows, error) {
	if err := t.takeTurn(ctx, turn); err != nil {
		return nil, err
	}
	grant := t.grant
	t.grant = nil
	start := time.Now()
	// A poll of many queries stands in line anew for each of them.
	t.due = start
	rows, err := request()
	spent := time.Since(start)
	serviceNow, _ := t.client.Clock().Now(t.now())
	grant.Release(serviceNow)
	t.telemetry.query(ctx, t.name, spent, err)
	if err != nil {
		grant.Charge(t.cost(spent))
		t.logQuery(turn.Kind, p, start, 0, err)
		return nil, err
	}
	t.accepted()
	rows.OnClose(func(s hunting.Stats) {
		grant.Charge(t.cost(cpuOf(s)))
		t.logQuery(turn.Kind, p, start, s.Rows, nil)
	})
	return rows, nil
}

// logQuery is the line of one query in the log. rows counts all of the answer, also that of the service's time.
func (t *table) logQuery(kind string, p query.Page, sent time.Time, rows int64, err error) {
	entry := t.logger.Check(zap.DebugLevel, "A query was answered.")
	if entry == nil {
		return
	}
	fields := []zap.Field{
		zap.String("kind", kind), zap.Int64("rows", rows), zap.Int64("milliseconds", time.Since(sent).Milliseconds()),
		zap.String("outcome", queryOutcome(err)),
	}
	if !p.To.IsZero() {
		fields = append(fields, zap.Time("from", p.From), zap.Time("to", p.To))
	}
	if p.Parts > 1 {
		fields = append(fields, zap.Int("part", p.Part), zap.Int("parts", p.Parts))
	}
	if err != nil {
		fields = append(fields, zap.Error(err))
	}
	entry.Write(fields...)
}

// cpuOf is what a query has cost. Graph does not tell it: the time that the service was at work on the
// request is the estimate.
func cpuOf(s hunting.Stats) time.Duration {
	if s.HasCPU {
		return s.CPU
	}
	return s.Waited
}
