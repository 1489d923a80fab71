package defenderreceiver

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
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

// joinQuota makes the scheduler of a receiver.
func (c *Config) joinQuota(ctx context.Context, set receiver.Settings, store scheduler.Store, registry *health.Registry) (*scheduler.Scheduler, error) {
	return scheduler.Join(ctx, scheduler.Config{
		Tenant: c.quotaName(), Receiver: set.ID.String(),
		Slots: c.Quota.MaxConcurrentQueries, Limits: c.Quota.limits(),
		Store: store, Key: c.quotaKey(), Logger: set.Logger,
		Report: (&quotaReporter{logger: set.Logger, registry: registry}).report,
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

// listLimits are the limits of the app registrations that receivers of this process use: they share them.
var listLimits = struct {
	sync.Mutex
	of map[string]*sharedLimit
}{of: map[string]*sharedLimit{}}

// sharedLimit is the limit of an app registration, and how many lists are read under it.
type sharedLimit struct {
	*rate.Limiter
	lists int
}

// listLimit is the limit of an app registration's requests, until it is released. With different shares the smaller one
// counts.
func (c *Config) listLimit() (limit *rate.Limiter, release func()) {
	key := strings.ToLower(c.Credentials.TenantID + "/" + c.Credentials.ClientID)
	own := service.NewListLimit(max(int(c.Quota.Share*float64(c.Feeds.requestsPerMinute)), 1))
	listLimits.Lock()
	defer listLimits.Unlock()
	shared := listLimits.of[key]
	switch {
	case shared == nil:
		shared = &sharedLimit{Limiter: own}
		listLimits.of[key] = shared
	case own.Limit() < shared.Limit():
		shared.SetLimit(own.Limit())
		shared.SetBurst(own.Burst())
	}
	shared.lists++
	return shared.Limiter, sync.OnceFunc(func() {
		listLimits.Lock()
		defer listLimits.Unlock()
		if shared.lists--; shared.lists == 0 {
			delete(listLimits.of, key)
		}
	})
}
