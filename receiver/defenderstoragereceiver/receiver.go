package defenderstoragereceiver

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/storageclient"
	"github.com/otelcol-defender/otelcol-defender/internal/version"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/recent"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/state"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/tail"
)

// span is a time within which something goes on.
type span struct {
	ctx context.Context //nolint:containedctx // it is no caller's: it lasts from Start to Shutdown
	end context.CancelFunc
}

// storageReceiver reads one account.
type storageReceiver struct {
	set       receiver.Settings
	cfg       Config
	next      consumer.Logs
	telemetry *telemetry
	now       func() time.Time
	board     *health.Board
	calls     span // of calls of the pipeline, which may last longer than the loops

	// Set by Start.
	store     storage.Client
	running   span // its end also hides the receiver from the control extension
	loops     sync.WaitGroup
	closeIdle func()

	shutdown sync.Once
}

func newReceiver(set receiver.Settings, cfg Config, next consumer.Logs) (*storageReceiver, error) {
	telemetry, err := newTelemetry(set, time.Now)
	if err != nil {
		return nil, err
	}
	// Errors here are expected ones, whose place in the code helps nobody.
	set.Logger = set.Logger.WithOptions(zap.AddStacktrace(zapcore.DPanicLevel))
	calls, cutOff := context.WithCancel(context.Background())
	return &storageReceiver{
		set: set, cfg: cfg, next: next, telemetry: telemetry, now: time.Now, board: health.New(), calls: span{calls, cutOff},
	}, nil
}

// Start opens the storage, loads the places and starts the loops. It sends nothing itself, so an account that is down does
// not keep the Collector from starting.
func (r *storageReceiver) Start(ctx context.Context, host component.Host) (err error) {
	way, err := r.connect(ctx, host)
	if err != nil {
		return err
	}
	r.closeIdle = way.close
	defer func() {
		if err != nil {
			way.close()
		}
	}()
	store, err := r.openStorage(ctx, host)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, store.Close(ctx))
			r.store = nil
		}
	}()
	r.store = store
	places, err := state.Open(ctx, store, state.First(r.now(), r.cfg.InitialLookback))
	if err != nil {
		return err
	}
	reader, err := r.newAccount(r.newClient(way, way.http), places) //nolint:contextcheck // what it makes outlives Start's context
	if err != nil {
		return err
	}
	if err := reader.Prepare(ctx); err != nil {
		return err
	}
	if err := r.telemetry.observe(r.board, way.identity.Expiry); err != nil {
		return err
	}
	r.run(ctx, way, reader)
	return nil
}

// run starts the loops.
func (r *storageReceiver) run(ctx context.Context, way *connection, reader *tail.Account) {
	// Start's own context ends when all components have started.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.running = span{running, cancel}
	expiry := way.identity.Expiry
	r.loops.Go(func() { r.board.Run(running, way.host) })
	r.loops.Go(func() { reader.Run(running) })
	r.loops.Go(func() { way.identity.Watch(running, r.wakeAll) })
	r.loops.Go(func() {
		expiry.Follow(running, r.now, func(end string) { r.board.Note(credentials.ExpiryNote, end) }, r.set.Logger)
	})
	hide := control.Register(way.host, &controlled{
		id: r.set.ID.String(), cfg: &r.cfg, board: r.board, places: reader.State, expiry: expiry, now: r.now,
		test: func(ctx context.Context) (*diagnosis.Result, error) { return r.test(ctx, way) },
	})
	r.running.end = func() {
		hide()
		cancel()
	}
}

// wakeAll lets all containers try at once, because the credentials have changed.
func (r *storageReceiver) wakeAll() {
	for _, c := range r.board.Containers() {
		c.Wake()
	}
}

// connect makes what asks the account. It sends nothing.
func (r *storageReceiver) connect(ctx context.Context, host component.Host) (*connection, error) {
	target, err := url.Parse(r.cfg.AccountURL)
	if err != nil {
		return nil, fmt.Errorf("'account_url': %w", err)
	}
	if err := settings.TLSFiles(r.cfg.ClientConfig.TLS); err != nil {
		return nil, err
	}
	httpClient, err := r.cfg.ClientConfig.ToClient(ctx, host.GetExtensions(), r.set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("make the client of the storage account: %w", err)
	}
	identity, err := r.cfg.Credentials.Identity(ctx, credentials.Surroundings{
		Client: r.cfg.ClientConfig, Host: host, Telemetry: r.set.TelemetrySettings, Login: cloudOf(target.Hostname()).login, Service: scope,
	})
	if err != nil {
		httpClient.CloseIdleConnections()
		return nil, err
	}
	return &connection{target: target, http: httpClient, identity: identity, host: host, busy: make(chan struct{}, 1)}, nil
}

// newClient makes a client of the account that sends by way of an HTTP client.
func (r *storageReceiver) newClient(way *connection, by *http.Client) *account.Client {
	var tokens account.TokenSource // nil: an extension says who asks
	if way.identity.Tokens != nil {
		tokens = way.identity.Tokens
	}
	return account.New(account.Config{
		URL: way.target, Client: by, Tokens: tokens, Agent: r.set.BuildInfo.Command + "/" + r.set.BuildInfo.Version,
		Answered: r.telemetry.answered, Now: r.now,
	})
}

func (r *storageReceiver) openStorage(ctx context.Context, host component.Host) (storage.Client, error) {
	if r.cfg.StorageID == nil {
		// Validate demands a storage; without one there is nothing to open, as in a test's host.
		return storage.NewNopClient(), nil
	}
	return storageclient.Open(ctx, host, *r.cfg.StorageID, component.KindReceiver, r.set.ID)
}

// newAccount puts the parts together.
func (r *storageReceiver) newAccount(client *account.Client, places *state.State) (*tail.Account, error) {
	dead, err := delivery.OpenDeadLetters(r.cfg.DeadLetter.Directory)
	if err != nil {
		return nil, err
	}
	retry := r.cfg.RetryOnFailure
	retry.MaxElapsedTime = tail.HeldFor
	deliverer := delivery.New(delivery.Settings{
		Next: r.next, Calls: r.calls.ctx, ObsReport: r.telemetry.obsrep, Retry: retry, DeadLetters: dead, Logger: r.set.Logger,
		Waiting: r.board.Hold,
		Letters: func(table string, written bool) {
			r.telemetry.letter(table, written)
			r.board.Letter(table, written)
		},
	})
	a := &tail.Account{
		Surroundings: tail.Surroundings{
			Plan: r.cfg.plan(), Client: client, Deliverer: deliverer,
			Batch:   delivery.Limits{Records: r.cfg.Batch.MaxRecords, Bytes: r.cfg.Batch.MaxBytes},
			Letters: dead != nil, Scope: metadata.ScopeName, Version: version.Number, State: places,
			Slots: make(chan struct{}, r.cfg.Concurrency), Retry: r.cfg.RetryOnFailure, Metrics: r.telemetry, Logger: r.set.Logger, Now: r.now,
		},
		Containers: r.cfg.Containers, Excluded: r.cfg.ExcludeContainers, Board: r.board, Begin: r.telemetry.begin,
	}
	if r.cfg.Deduplicate.Window > 0 && r.cfg.Deduplicate.MaxEntries > 0 {
		a.Recent = recent.New(r.cfg.Deduplicate.Window, r.cfg.Deduplicate.MaxEntries)
	}
	return a, nil
}

// plan is what is read, and how often.
func (c *Config) plan() tail.Plan {
	p := tail.Plan{
		ListInterval: c.ListInterval, TailInterval: c.TailInterval, MaxRead: int64(c.MaxReadBytes), Mine: c.isMine, Origin: c.RecordOrigin,
	}
	if len(c.Tenants) == 1 {
		p.Prefix = export.TenantPrefix(c.Tenants[0])
	}
	return p
}

// isMine reports whether this receiver reads a blob.
func (c *Config) isMine(container, blob string) bool {
	if len(c.Tenants) > 0 {
		tenant := export.Tenant(blob)
		if !slices.ContainsFunc(c.Tenants, func(own string) bool { return strings.EqualFold(own, tenant) }) {
			return false
		}
	}
	if c.Shard.Of <= 1 {
		return true
	}
	h := fnv.New32a()
	h.Write([]byte(container + "/" + blob))
	return int(h.Sum32()%uint32(c.Shard.Of)) == c.Shard.Index //nolint:gosec // it is at least 2, and small
}

// Shutdown ends the loops, whose last places are stored by then, and closes the storage. Calls of the pipeline that are
// under way are waited for, because a call that is cut off may have delivered its rows all the same. Just before
// shutdown_timeout they are cut off; what they still deliver is read again after the restart.
func (r *storageReceiver) Shutdown(ctx context.Context) error {
	var err error
	r.shutdown.Do(func() { err = r.stop(ctx) })
	return err
}

func (r *storageReceiver) stop(ctx context.Context) error {
	defer r.telemetry.shutdown()
	defer r.calls.end()
	if r.running.end != nil {
		r.running.end()
		if !delivery.End(ctx, &r.loops, r.cfg.ShutdownTimeout, r.calls.end) {
			r.set.Logger.Warn("The pipeline still holds rows at shutdown; they are read again after a restart.",
				zap.Duration("shutdown_timeout", r.cfg.ShutdownTimeout))
		}
		r.closeIdle()
	}
	if r.store == nil {
		return nil
	}
	if err := r.store.Close(ctx); err != nil {
		return fmt.Errorf("close the storage: %w", err)
	}
	return nil
}
