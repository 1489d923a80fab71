package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/feed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// FeedSettings are how a list of Graph's security API is read.
type FeedSettings struct {
	Name   string // its key in the configuration
	Kind   FeedKind
	Filter string // an OData filter; empty: everything
	// Lookback is how long before the first start the list is read from, by its objects' last update.
	Lookback time.Duration
	// Overlap is how much of the past each poll reads again.
	Overlap time.Duration
	// Top is how many objects one request asks for, MostTop how many the service gives at most.
	Top, MostTop int

	TenantID string
	Store    storage.Client
	StoreKey string
}

// Feed is a list of objects that change: alerts or incidents. Each version is delivered once.
type Feed struct {
	FeedSettings
	service *service.Lists
	outlet  *delivery.Outlet
	audits  *FeedAuditor
	health  *health.Source
	logger  *zap.Logger

	state *feed.State
	dirty bool // the state has changed since it was stored
	// ordered: the service keeps the order of last updates.
	ordered bool
	trial   feedTrial
}

// NewFeed makes the source of a list.
func NewFeed(settings FeedSettings, client *service.Lists, outlet *delivery.Outlet, audits *FeedAuditor, seen *health.Source, logger *zap.Logger) *Feed {
	return &Feed{
		FeedSettings: settings, service: client, outlet: outlet, audits: audits, health: seen, logger: logger,
		state: feed.NewState(), ordered: true,
	}
}

// Resume takes up the stored state.
func (f *Feed) Resume(ctx context.Context) error {
	data, err := f.Store.Get(ctx, f.StoreKey)
	if err != nil {
		return fmt.Errorf("%s: read %q from the storage: %w", f.Name, f.StoreKey, err)
	}
	if data == nil {
		return nil
	}
	if f.state, err = feed.Decode(data); err != nil {
		return fmt.Errorf("%s: the stored value of %q cannot be used: %w", f.Name, f.StoreKey, err)
	}
	f.health.Progress(f.state.Mark)
	f.health.SetUnreadable(len(f.state.Unreadable))
	return nil
}

// Poll reads what was updated since the last poll and in the overlap before that; where an audit is due, in its window.
func (f *Feed) Poll(ctx context.Context) (bool, error) {
	began := f.service.Time()
	if f.state.Start.IsZero() {
		f.state.Start, f.dirty = began.Add(-f.Lookback).Truncate(time.Second), true
	}
	if err := f.retry(ctx, began); err != nil {
		return false, err
	}
	p := &feedPass{from: f.from()}
	from := p.from
	if f.audits.Due() {
		p.audit = f.audits.begin(began, f.state.Start)
		from = earlier(from, p.audit.from)
	}
	if err := f.read(ctx, from, p); err != nil {
		f.audits.fail(ctx, p.audit)
		return false, err
	}
	f.mark(p.newest, began)
	f.state.Forget(f.state.Mark.Add(-max(f.Overlap, f.audits.Window) - time.Hour))
	if err := f.keep(ctx); err != nil {
		return false, err
	}
	f.audits.complete(ctx, p.audit, began, f.state.Unreadable)
	f.health.Progress(began)
	f.health.SetUnreadable(len(f.state.Unreadable))
	return false, nil
}

// Start is where the list is read from at all.
func (f *Feed) Start() time.Time { return f.state.Start }

// from is where a poll begins.
func (f *Feed) from() time.Time {
	if f.state.Mark.IsZero() {
		return f.state.Start
	}
	return f.state.Mark.Add(-f.Overlap)
}

// mark moves the mark forward to an update, unless it lies ahead of the service's clock.
func (f *Feed) mark(updated, now time.Time) {
	if updated = earlier(updated, now); updated.After(f.state.Mark) {
		f.state.Mark, f.dirty = updated, true
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// keep stores the state if it has changed. What was delivered is stored even while the receiver ends.
func (f *Feed) keep(ctx context.Context) error {
	if !f.dirty {
		return nil
	}
	data, err := f.state.Encode()
	if err == nil {
		err = f.Store.Set(context.WithoutCancel(ctx), f.StoreKey, data)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: write %q: %w", failure.ErrStorage, f.Name, f.StoreKey, err)
	}
	f.dirty = false
	return nil
}

// feedPass is one reading of a list.
type feedPass struct {
	from   time.Time // where the poll itself begins: what is new before it has come late
	newest time.Time // the latest update
	audit  *feedAudit
}

// read reads the list from a time on, but for what cannot be read.
func (f *Feed) read(ctx context.Context, from time.Time, p *feedPass) error {
	for _, window := range f.state.Windows(from, time.Time{}) {
		place, err := f.walk(ctx, window, f.Top, p)
		if err == nil {
			continue
		}
		passed, tried := f.passOver(ctx, place, err)
		if !passed {
			return errors.Join(err, tried)
		}
		return f.read(ctx, place, p)
	}
	f.trial = feedTrial{}
	return nil
}

// walk reads a window page by page. It tells how far it came.
func (f *Feed) walk(ctx context.Context, window feed.Range, top int, p *feedPass) (place time.Time, err error) {
	w := feed.NewWalk(feed.Request{From: window.From, To: window.To, Top: top, Ordered: f.ordered}, f.MostTop)
	for {
		request := w.Request()
		page, err := f.page(ctx, request, p)
		if page.Last.After(p.newest) {
			p.newest = page.Last
		}
		if err == nil && f.ordered && window.To.IsZero() {
			f.mark(page.Last, f.service.Time())
		}
		if err = errors.Join(err, f.keep(ctx)); err != nil {
			return request.From, err
		}
		done, err := w.Take(page)
		if done || err != nil {
			return request.From, err
		}
	}
}

// page reads and delivers one page. With an error, what was read before it is delivered all the same.
func (f *Feed) page(ctx context.Context, request feed.Request, p *feedPass) (feed.Page, error) {
	rows, err := f.service.Page(ctx, hunting.ObjectsRequest{
		Link: request.Link, From: request.From, To: request.To, Top: request.Top, Ordered: request.Ordered, Filter: f.Filter,
	})
	if err != nil {
		return feed.Page{}, err
	}
	defer rows.Close()
	page, pending, body := feed.Page{Ascending: true}, feedPending{}, pcommon.NewMap()
	for {
		more, err := rows.Next(body)
		if err == nil && more {
			f.health.Read(1)
			f.take(ctx, body, &page, pending, p)
		}
		ended := err != nil || !more
		if !ended && !f.outlet.Full() {
			continue
		}
		if failed := f.deliver(ctx, pending, p); failed != nil {
			return page, errors.Join(err, failed)
		}
		if ended {
			f.audits.metrics.Repaired(ctx, rows.Stats().Repaired)
			page.Next = rows.Link().URL
			return page, errors.Join(err, f.lack(rows))
		}
	}
}

// lack is the error of a list of which a part is missing: what is there was delivered, and the mark stays.
func (f *Feed) lack(rows *hunting.Rows) error {
	if missing := rows.Partial(); missing != "" {
		return fmt.Errorf("the service gave a part of %s only, and the rest is asked for again: %s", f.Name, missing)
	}
	return nil
}

// feedPending are the objects of a batch by the ids of their records.
type feedPending map[[16]byte]pendingObject

type pendingObject struct {
	feed.Object
	late bool // a poll would not have found it
}

// take adds an object to the batch unless its version was delivered.
func (f *Feed) take(ctx context.Context, body pcommon.Map, page *feed.Page, pending feedPending, p *feedPass) {
	o := f.Kind.object(body)
	if o.ID == "" || o.Updated.IsZero() {
		// Without them it cannot be told apart from other versions: its content is its identity.
		o = contentOf(body, o, page.Last)
	}
	page.Add(o)
	standing := f.state.Standing(o)
	if standing == feed.Delivered {
		f.audits.metrics.Duplicates(ctx, 1)
		p.audit.known(o, f.state.IsRefused(o))
		return
	}
	uid := f.Kind.uid(f.TenantID, o, standing)
	if f.outlet.Holds(uid) {
		f.audits.metrics.Duplicates(ctx, 1)
		return
	}
	remembered := f.state.Mark.Add(-max(f.Overlap, f.audits.Window))
	isNew := standing == feed.First && f.state.IsNew(o, remembered)
	record := f.outlet.Add(body, delivery.Row{UID: uid, At: o.Updated, Timestamp: o.Updated, Readable: true}, f.service.Now())
	f.Kind.describe(record, o, isNew)
	pending[uid] = pendingObject{o, standing == feed.Grown || !f.state.Mark.IsZero() && o.Updated.Before(p.from.Truncate(time.Second))}
}

// deliver hands the batch over, and notes what became of its objects.
func (f *Feed) deliver(ctx context.Context, pending feedPending, p *feedPass) error {
	result, err := f.outlet.Deliver(ctx)
	for i, row := range result.Rows {
		o := pending[row.UID]
		outcome := result.Outcomes[i]
		if outcome == delivery.Held {
			continue
		}
		f.state.Accept(o.Object, outcome == delivery.Refused)
		f.dirty = true
		p.audit.found(o, outcome == delivery.Refused)
		if o.late && outcome == delivery.Delivered {
			f.audits.metrics.Recovered(ctx, 1)
		}
	}
	clear(pending)
	return errors.Join(err, f.keep(ctx))
}

// Furthest is the mark: it moves when a poll comes further than the ones before it.
func (f *Feed) Furthest() time.Time { return f.state.Mark }

// Situation says that the security API has limits and a permission of its own.
func (f *Feed) Situation() failure.Situation {
	return failure.Situation{ServiceNow: f.service.Time(), OwnLimits: true}
}

// Advise says by which setting the list is left out.
func (f *Feed) Advise(err error) error {
	switch {
	case failure.Is(err, hunting.Forbidden, hunting.Unlicensed):
		return fmt.Errorf("set feeds::%s::enabled: false if it is not to be read: %w", f.Name, err)
	case failure.Is(err, hunting.BadQuery) && f.Filter != "":
		return fmt.Errorf("check feeds::%s::filter: %w", f.Name, err)
	default:
		return err
	}
}

// topLimit is how the service tells the largest page.
var topLimit = regexp.MustCompile(`limit of '(\d+)' for Top`)

// Adapt asks for smaller pages or without an order, where the service does not take what was asked for.
func (f *Feed) Adapt(err error) bool {
	refusal := failure.Refusal(err)
	switch {
	case errors.Is(err, feed.ErrOrder), refusal != nil && refusal.Kind == hunting.BadQuery && f.ordered && topLimit.FindString(refusal.Message) == "":
		if !f.ordered {
			return false
		}
		f.ordered = false
		f.logger.Info("The service does not give the list in the order of its last updates; it is read to its end by the service's links.", zap.Error(err))
		return true
	case refusal != nil && refusal.Kind == hunting.BadQuery:
		limit := topLimit.FindStringSubmatch(refusal.Message)
		if limit == nil {
			return false
		}
		top, err := strconv.Atoi(limit[1])
		if err != nil || top < 1 || top >= f.Top {
			return false
		}
		f.Top, f.MostTop = top, top
		return true
	}
	return false
}

// AskForLess does nothing: Poll itself finds what cannot be read.
func (*Feed) AskForLess(context.Context, failure.Doubt, error) bool { return false }

// Succeeded has nothing to do.
func (*Feed) Succeeded() {}

// isSuspect reports whether an error may come from an object that the service cannot give.
func isSuspect(err error) bool {
	refusal := failure.Refusal(err)
	return refusal != nil && (refusal.Kind == hunting.Interrupted ||
		refusal.Kind == hunting.Transient && refusal.Status >= http.StatusInternalServerError)
}
