package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/feed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/pivot"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/posture"
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
	// Pivots are told of the alerts that were delivered; nil: their context is not looked for.
	Pivots *Pivots
	// Techniques are told of them, too; nil: they are not counted by controls.
	Techniques *TechniqueAlerts
	// Alerts is told of those that the pipeline has taken; nil: nobody is.
	Alerts AlertCounts
}

// AlertCounts counts versions of alerts. Before is when what was delivered of the alert before was last updated, at the
// latest; first: no version of it is known.
type AlertCounts interface {
	Accept(v posture.AlertVersion, first bool, before time.Time)
}

// feedReader reads and delivers parts of a list, and knows what was delivered.
type feedReader struct {
	FeedSettings
	service *service.Lists
	outlet  *delivery.Outlet
	audits  *FeedAuditor
	health  *health.Source

	state *feed.State
	dirty bool // the state has changed since it was stored
	// ordered: the service keeps the order of last updates.
	ordered bool
}

// feedPass is one reading of a list.
type feedPass struct {
	from   time.Time // where the poll itself begins: what is new before it has come late
	newest time.Time // the latest update
	audit  *feedAudit
	lack   error // a page was not whole: the mark stays
}

// walk reads a window page by page. It tells how far it came.
func (f *feedReader) walk(ctx context.Context, window feed.Range, top int, p *feedPass) (place time.Time, err error) {
	w := feed.NewWalk(feed.Request{From: window.From, To: window.To, Top: top, Ordered: f.ordered}, f.MostTop)
	for {
		request := w.Request()
		page, err := f.page(ctx, request, p)
		if page.Last.After(p.newest) {
			p.newest = page.Last
		}
		if err == nil && p.lack == nil && f.ordered && window.To.IsZero() {
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
func (f *feedReader) page(ctx context.Context, request feed.Request, p *feedPass) (feed.Page, error) {
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
			p.lack = cmp.Or(p.lack, f.lack(rows))
			return page, err
		}
	}
}

// lack is the error of a list of which a part is missing: what is there is delivered, what comes after it is read, and the mark stays.
func (f *feedReader) lack(rows *hunting.Rows) error {
	if missing := rows.Partial(); missing != "" {
		return fmt.Errorf("the service gave a part of %s only, and the rest is asked for again: %s", f.Name, missing)
	}
	return nil
}

// feedPending are the objects of a batch by the ids of their records.
type feedPending map[[16]byte]pendingObject

type pendingObject struct {
	feed.Object
	late  bool // a poll would not have found it
	alert pivot.Alert
	// counted is what controls count of it.
	counted posture.Alert
	version posture.AlertVersion
}

// take adds an object to the batch unless its version was delivered.
func (f *feedReader) take(ctx context.Context, body pcommon.Map, page *feed.Page, pending feedPending, p *feedPass) {
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
	isNew := standing == feed.First && f.state.IsNew(o)
	alert, counted := f.Pivots.read(body), f.Techniques.read(body)
	var version posture.AlertVersion
	if f.Alerts != nil {
		version = posture.AlertVersionOf(body)
	}
	record := f.outlet.Add(body, delivery.Row{UID: uid, At: o.Updated, Timestamp: o.Updated, Readable: true}, f.service.Now())
	f.Kind.describe(record, o, isNew)
	late := standing == feed.Grown || !f.state.Mark.IsZero() && o.Updated.Before(p.from.Truncate(time.Second))
	pending[uid] = pendingObject{o, late, alert, counted, version}
}

// deliver hands the batch over, and notes what became of its objects.
func (f *feedReader) deliver(ctx context.Context, pending feedPending, p *feedPass) error {
	result, err := f.outlet.Deliver(ctx)
	for i, row := range result.Rows {
		o := pending[row.UID]
		outcome := result.Outcomes[i]
		if outcome == delivery.Held {
			continue
		}
		if outcome == delivery.Delivered {
			f.count(o)
		}
		f.state.Accept(o.Object, outcome == delivery.Refused)
		f.Pivots.accept(o.alert, f.service.Time())
		f.Techniques.accept(o.counted)
		f.dirty = true
		p.audit.found(o, outcome == delivery.Refused)
		if o.late && outcome == delivery.Delivered {
			f.audits.metrics.Recovered(ctx, 1)
		}
	}
	clear(pending)
	return errors.Join(err, f.keep(ctx))
}

// count counts a version that the pipeline has taken, before it is noted as known.
func (f *feedReader) count(o pendingObject) {
	if f.Alerts != nil {
		before, first := f.state.Before(o.Object)
		f.Alerts.Accept(o.version, first, before)
	}
}

// mark moves the mark forward to an update, unless it lies ahead of the service's clock. What neither polls nor audits read
// again is forgotten.
func (f *feedReader) mark(updated, now time.Time) {
	if updated = earlier(updated, now); updated.After(f.state.Mark) {
		f.state.Mark, f.dirty = updated, true
		f.state.Forget(updated.Add(-max(f.Overlap, f.audits.Window) - auditStep))
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// keep stores the state if it has changed, in one step with what is to be asked for the alerts that were delivered. What was
// delivered is stored even while the receiver ends.
func (f *feedReader) keep(ctx context.Context) error {
	if !f.dirty {
		return nil
	}
	data, err := f.state.Encode()
	changes, failed, bad := f.Techniques.changes()
	if err = cmp.Or(err, bad); err == nil {
		if err = f.Pivots.write(context.WithoutCancel(ctx), f.Store, append(changes, storage.SetOperation(f.StoreKey, data))...); err != nil {
			failed()
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %s: write %q: %w", failure.ErrStorage, f.Name, f.StoreKey, err)
	}
	f.dirty = false
	return nil
}
