package defenderreceiver

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/journal"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// FeedsConfig are lists of Microsoft Graph's security API. All are off by default.
type FeedsConfig struct {
	// AlertsV2 reads alerts with their evidence, each version of an alert as a record. It needs SecurityAlert.Read.All.
	AlertsV2 FeedConfig `mapstructure:"alerts_v2" example:"{enabled: true}"`
	// Incidents reads incidents, each version as a record. It needs SecurityIncident.Read.All.
	Incidents FeedConfig `mapstructure:"incidents" example:"{enabled: true}"`

	// requestsPerMinute is the service's limit of requests to the security API, by app registration and tenant.
	requestsPerMinute int
}

// FeedConfig is how one list is read.
type FeedConfig struct {
	// Enabled says whether the list is read.
	Enabled bool `mapstructure:"enabled" example:"true"`
	// PollInterval is how often the list is read.
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// Overlap is how much of the past each poll reads again, by the objects' last update.
	Overlap time.Duration `mapstructure:"overlap"`
	// InitialLookback is how long before the first start objects may have been updated last that are read.
	InitialLookback time.Duration `mapstructure:"initial_lookback"`
	// Page bounds one request.
	Page FeedPageConfig `mapstructure:"page" example:"{max_items: 200}"`
	// Filter is an OData filter that is added with `and`.
	Filter string `mapstructure:"filter" example:"severity eq 'high'"`
	// Audit reads a longer past again, for what became visible late.
	Audit AuditConfig `mapstructure:"audit" example:"{interval: 1h, window: 24h}"`
}

// FeedPageConfig bounds one request for a list.
type FeedPageConfig struct {
	// MaxItems is how many objects one request asks for.
	MaxItems int `mapstructure:"max_items"`
}

func defaultFeeds() FeedsConfig {
	of := func(items int) FeedConfig {
		return FeedConfig{
			PollInterval: time.Minute, Overlap: 2 * time.Hour, InitialLookback: 24 * time.Hour, Page: FeedPageConfig{MaxItems: items},
			Audit: AuditConfig{Interval: time.Hour, Window: 24 * time.Hour},
		}
	}
	return FeedsConfig{AlertsV2: of(200), Incidents: of(50), requestsPerMinute: 150}
}

// declaredFeed is a list that a user can name under `feeds`.
type declaredFeed struct {
	name     string // also that of its table in metrics, status and records
	list     hunting.List
	kind     source.FeedKind
	mostTop  int // the service's largest page
	settings func(*FeedsConfig) *FeedConfig
}

// declaredFeeds are all of them.
func declaredFeeds() []declaredFeed {
	return []declaredFeed{
		{"alerts_v2", hunting.AlertsV2, source.AlertsFeed, 1000, func(c *FeedsConfig) *FeedConfig { return &c.AlertsV2 }},
		{"incidents", hunting.Incidents, source.IncidentsFeed, 50, func(c *FeedsConfig) *FeedConfig { return &c.Incidents }},
	}
}

// enabled reports whether a list is read.
func (c *FeedsConfig) enabled() bool {
	for _, declared := range declaredFeeds() {
		if declared.settings(c).Enabled {
			return true
		}
	}
	return false
}

func (c *FeedsConfig) validate(api API) error {
	var errs []error
	for _, declared := range declaredFeeds() {
		own := declared.settings(c)
		errs = append(errs, settings.Under(declared.name, own.validate(declared.mostTop)))
		if own.Enabled && api == APILegacy {
			errs = append(errs, settings.Problemf(declared.name, "needs api: graph: the legacy API's token is not for Graph, which keeps the list"))
		}
	}
	return errors.Join(errs...)
}

// largestLookback is longer than the service keeps anything.
const largestLookback = 365 * 24 * time.Hour

func (c *FeedConfig) validate(mostTop int) error {
	errs := []error{
		settings.AtLeast("poll_interval", c.PollInterval, minPollInterval),
		settings.Within("overlap", c.Overlap, time.Minute, retention),
		settings.Within("initial_lookback", c.InitialLookback, 0, largestLookback),
		settings.Within("page::max_items", c.Page.MaxItems, 1, mostTop),
		settings.Within("audit::interval", c.Audit.Interval, 0, retention),
		settings.Within("audit::window", c.Audit.Window, 0, retention),
	}
	if interval := c.Audit.Interval; interval > 0 {
		errs = append(errs, settings.AtLeast("audit::interval", interval, minAuditInterval))
		if c.Audit.Window < c.Overlap {
			errs = append(errs, settings.Problemf("audit::window", "is %s, shorter than the overlap of %s, which each poll reads anyway: make it longer, or set audit::interval: 0s",
				settings.Duration(c.Audit.Window), settings.Duration(c.Overlap)))
		}
	}
	return errors.Join(errs...)
}

// listLimits are the limits of the app registrations that this process uses: receivers share them.
var listLimits = struct {
	sync.Mutex
	of map[string]*rate.Limiter
}{of: map[string]*rate.Limiter{}}

// listLimit is the limit of an app registration's requests. With different shares the smaller one counts.
func (c *Config) listLimit() *rate.Limiter {
	listLimits.Lock()
	defer listLimits.Unlock()
	key := strings.ToLower(c.Credentials.TenantID + "/" + c.Credentials.ClientID)
	limit := service.NewListLimit(max(int(c.Quota.Share*float64(c.Feeds.requestsPerMinute)), 1))
	if known := listLimits.of[key]; known != nil {
		if limit.Limit() < known.Limit() {
			known.SetLimit(limit.Limit())
			known.SetBurst(limit.Burst())
		}
		return known
	}
	listLimits.of[key] = limit
	return limit
}

// feeds makes the lanes of the lists that are read.
func (b *builder) feeds(ctx context.Context) ([]*lane, error) {
	var lanes []*lane
	for _, declared := range declaredFeeds() {
		own := declared.settings(&b.cfg.Feeds)
		if !own.Enabled {
			continue
		}
		l, err := b.feed(ctx, declared, own)
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, l)
	}
	return lanes, nil
}

// feed makes the lane of a list, with its stored state. Its permission and its limits are its own.
func (b *builder) feed(ctx context.Context, declared declaredFeed, own *FeedConfig) (*lane, error) {
	name := declared.name
	b.telemetry.begin(ctx, name)
	metrics := b.telemetry.history(name)
	metrics.begin(ctx)
	seen, logger := b.registry.Add(name, name, true), b.set.Logger.With(zap.String("table", name))
	client := service.NewLists(b.api, declared.list, b.cfg.listLimit(), service.Settings{
		Lane: name, Accepted: b.registry.Answered, Now: b.now, Logger: logger,
		Answered: func(ctx context.Context, spent time.Duration, err error) { b.telemetry.query(ctx, name, spent, err) },
	})
	audits := source.NewFeedAuditor(own.Audit.Interval, own.Audit.Window, metrics, seen, logger)
	audits.KeepsRefused = b.cfg.DeadLetter.Directory != ""
	feed := source.NewFeed(source.FeedSettings{
		Name: name, Kind: declared.kind, Filter: own.Filter, Lookback: own.InitialLookback, Overlap: own.Overlap, Top: own.Page.MaxItems, MostTop: declared.mostTop,
		TenantID: b.cfg.Credentials.TenantID, Store: b.store, StoreKey: "feed/v1/" + strings.ToLower(b.cfg.Credentials.TenantID) + "/" + name,
	}, client, b.outlet(&tables.Table{Name: name}, "", own.PollInterval, seen), audits, seen, logger)
	if b.journal != nil && audits.Window > 0 {
		audits.Audited = b.feedJournalist(name, audits, feed, logger)
	}
	l := &lane{table: name, id: name, kind: feedKind, source: feed, health: seen, now: client.Time, loop: b.loop(feed, name, seen, b.apart, own.PollInterval)}
	if audits.Window > 0 {
		l.record = audits.Record()
	}
	return l, feed.Resume(ctx)
}

// byLastUpdate is the time by which a list is audited.
const byLastUpdate = "last_update"

// feedJournalist writes complete audits of a list to the journal.
func (b *builder) feedJournalist(name string, audits *source.FeedAuditor, feed *source.Feed, logger *zap.Logger) func(context.Context, audit.Result) {
	return func(ctx context.Context, result audit.Result) {
		_, err := b.journal.Append(ctx, journal.Audit{
			Lane: journal.Lane{Table: name, TimeBasis: byLastUpdate}, From: result.From, To: result.To, Begin: feed.Start(), Ended: result.To,
			Kept: audits.KeepsRefused, Bins: tallies(result.Bins),
		})
		if err != nil {
			logger.Error("A complete audit is not kept, so the report of its days lacks it until the next one.", zap.Error(err))
		}
	}
}
