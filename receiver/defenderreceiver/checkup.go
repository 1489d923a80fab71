package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver"
	"golang.org/x/time/rate"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkup"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// checkupLane is the lane of a connection test in the line of the scheduler.
const checkupLane = "test"

// access is what a connection test asks with.
type access struct {
	api   service.API
	token func(context.Context) (string, error)
	host  component.Host // whose extensions the clients use
	busy  chan struct{}  // holds one element while a test runs
	// patience is how long a query of a test waits for its turn; 0: as long as checkup has it.
	patience time.Duration
}

// newAccess takes no tokens where an extension says who asks.
func newAccess(api service.API, tokens hunting.TokenSource, host component.Host) *access {
	a := &access{api: api, host: host, busy: make(chan struct{}, 1)}
	if tokens != nil {
		a.token = tokens.Token
	}
	return a
}

// Test tests the connection of a receiver that does not run. It starts nothing, opens no storage, and spends of the
// quota what a receiver without a memory of its own may spend. Errors are those of a test that could not be made;
// whatever it finds stands in the result.
func Test(ctx context.Context, set receiver.Settings, cfg component.Config, host component.Host) (*diagnosis.Result, error) {
	own, ok := cfg.(*Config)
	if !ok {
		return nil, fmt.Errorf("test the connection: %T is no configuration of this receiver", cfg)
	}
	if err := own.Validate(); err != nil {
		return step.Unusable(set.ID.String(), err), nil
	}
	r, err := newReceiver(set, *own, outputs{next: consumertest.NewNop()})
	if err != nil {
		return nil, fmt.Errorf("test the connection: %w", err)
	}
	defer r.telemetry.shutdown()
	defer r.calls.end()
	if r.service, err = r.connect(ctx, host); err != nil {
		return step.Unusable(set.ID.String(), err), nil
	}
	defer r.service.close()
	if r.scheduler, err = r.cfg.joinQuota(ctx, r.set, nil, health.NewRegistry()); err != nil {
		return nil, fmt.Errorf("test the connection: %w", err)
	}
	result, err := r.checkUp(ctx)
	return result, errors.Join(err, r.scheduler.Stop(context.WithoutCancel(ctx)))
}

// Test tests the connection of the running receiver, with its clients and in its turn and quota. A second test waits for
// the first.
func (r *defenderReceiver) Test(ctx context.Context) (*diagnosis.Result, error) {
	if r.running.ctx == nil || r.running.ctx.Err() != nil {
		return nil, errors.New("test the connection: the receiver does not run")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.running.ctx, cancel)() //nolint:contextcheck // the test ends with the receiver, too
	return r.checkUp(ctx)
}

func (r *defenderReceiver) checkUp(ctx context.Context) (*diagnosis.Result, error) {
	select {
	case r.service.access.busy <- struct{}{}:
		defer func() { <-r.service.access.busy }()
	case <-ctx.Done():
		return nil, fmt.Errorf("test the connection: wait for the test under way: %w", ctx.Err())
	}
	web, err := step.Client(ctx, r.cfg.ClientConfig, r.service.access.host, r.set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("test the connection: %w", err)
	}
	defer web.CloseIdleConnections()
	s := checkup.Settings{
		Receiver: r.set.ID.String(), Web: web, Proxy: step.Proxies(r.cfg.ClientConfig.ProxyURL), Token: r.service.access.token, Now: r.now, Patience: r.service.access.patience,
		Hunting: r.checkupClient(true), Directory: r.checkupClient(false),
		Roles: checkup.Roles{
			Hunting: "ThreatHunting.Read.All",
			Users:   []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
		},
		Blocked: func() (time.Time, string) {
			now := r.scheduler.Snapshot()
			return now.BlockedUntil, now.BlockedBy
		},
		Throttled: func(err error) {
			verdict := failure.Judge(err, failure.Situation{ServiceNow: r.now()})
			r.scheduler.Block(time.Now().Add(verdict.Wait), err.Error())
		},
	}
	if r.cfg.API == APILegacy {
		s.Roles.Hunting = "AdvancedHunting.Read.All"
	}
	if s.Hosts, err = r.cfg.hosts(); err != nil {
		return nil, fmt.Errorf("test the connection: %w", err)
	}
	if s.Tables, err = r.cfg.checkupTables(); err != nil {
		return nil, fmt.Errorf("test the connection: %w", err)
	}
	s.Feeds = r.checkupFeeds()
	if devices, ok := tables.ByName("DeviceInfo"); ok {
		s.Devices = query.Table{Table: devices}
	}
	return checkup.Run(ctx, s), nil
}

// checkupClient sends the requests of a test before all others: somebody waits for it, and they are few.
func (r *defenderReceiver) checkupClient(costsCPU bool) *service.Client {
	return service.New(r.service.access.api, r.scheduler, service.Settings{
		Lane: checkupLane, Priority: 1, CostsCPU: costsCPU, Now: r.now, Logger: r.set.Logger,
		Answered: func(context.Context, time.Duration, error) {}, Accepted: func() {},
	})
}

// checkupFeeds are the enabled lists. A test asks for them within their limit.
func (r *defenderReceiver) checkupFeeds() []checkup.Feed {
	var feeds []checkup.Feed
	for _, declared := range declaredFeeds() {
		own := declared.settings(&r.cfg.Feeds)
		if !own.Enabled {
			continue
		}
		// While the receiver runs, its own lanes keep the limit that the test shares with them.
		limit, release := r.cfg.listLimit()
		release()
		feeds = append(feeds, checkup.Feed{Name: declared.name, Roles: declared.roles, Filter: own.Filter, Lister: r.checkupList(declared.list, limit)})
	}
	if r.cfg.Feeds.SecureScores.Enabled {
		limit, release := r.cfg.listLimit()
		release()
		feeds = append(feeds, checkup.Feed{Name: secureScores, Roles: scoreRoles, Daily: true, Lister: r.checkupList(hunting.SecureScores, limit)})
	}
	return feeds
}

func (r *defenderReceiver) checkupList(list hunting.List, limit *rate.Limiter) *service.Lists {
	return service.NewLists(r.service.access.api, list, limit, service.Settings{
		Lane: checkupLane, Now: r.now, Logger: r.set.Logger, Answered: func(context.Context, time.Duration, error) {}, Accepted: func() {},
	})
}

// hosts are those that must be reached, the hunting API's last.
func (c *Config) hosts() ([]step.Host, error) {
	cloud := clouds[c.Cloud]
	api, err := url.Parse(firstOf(c.ClientConfig.Endpoint, cloud.service(c.API)))
	if err != nil {
		return nil, fmt.Errorf("'endpoint': %w", err)
	}
	service := step.Host{URL: api, Setting: "endpoint"}
	if c.Credentials.ManagedIdentity.HasValue() || c.ClientConfig.Auth.HasValue() {
		return step.Hosts(service, step.Host{}), nil
	}
	login, err := url.Parse(firstOf(c.Credentials.Authority, cloud.login))
	if err != nil {
		return nil, fmt.Errorf("'credentials::authority': %w", err)
	}
	return step.Hosts(service, step.Host{URL: login, Setting: "credentials::authority"}), nil
}

// checkupTables are the enabled tables, as they are read.
func (c *Config) checkupTables() ([]checkup.Table, error) {
	var list []checkup.Table
	for _, declared := range c.Tables.declared() {
		if !c.Tables[declared.Name].Enabled {
			continue
		}
		asked, err := c.asked(declared)
		if err != nil {
			return nil, err
		}
		t := checkup.Table{Table: asked, Auto: c.LateArrival.Mode == ModeAuto}
		if c.LateArrival.Mode == ModeEventTime {
			t.TimeBasis = query.EventTime
		}
		list = append(list, t)
	}
	slices.SortStableFunc(list, func(a, b checkup.Table) int { return c.Tables[a.Name].Priority - c.Tables[b.Name].Priority })
	return list, nil
}
