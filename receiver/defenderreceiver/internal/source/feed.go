package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/feed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// Feed is a list of objects that change: alerts or incidents. Each version is delivered once.
type Feed struct {
	*feedReader
	gaps   *feedGaps
	logger *zap.Logger
}

// NewFeed makes the source of a list.
func NewFeed(settings FeedSettings, client *service.Lists, outlet *delivery.Outlet, audits *FeedAuditor, seen *health.Source, logger *zap.Logger) *Feed {
	r := &feedReader{
		FeedSettings: settings, service: client, outlet: outlet, audits: audits, health: seen, state: feed.NewState(), ordered: true,
	}
	return &Feed{feedReader: r, gaps: &feedGaps{feedReader: r, logger: logger}, logger: logger}
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
	// What was updated before the last poll was counted, or is never going to be.
	f.Techniques.begin(later(f.state.Start, f.state.Mark))
	if err := f.keep(ctx); err != nil {
		return false, err
	}
	p := &feedPass{from: f.from()}
	from := p.from
	if f.audits.Due() {
		p.audit = f.audits.begin(began, f.state)
		from = earlier(from, p.audit.from)
	}
	if err := cmp.Or(f.read(ctx, from, p), p.lack); err != nil {
		f.audits.fail(ctx, p.audit)
		return false, err
	}
	f.mark(p.newest, began)
	if err := f.keep(ctx); err != nil {
		return false, err
	}
	f.audits.complete(ctx, p.audit, began, f.state.Unreadable)
	f.health.Progress(began)
	f.Techniques.complete(began)
	// What is new goes before: a range that cannot be read holds up nothing else.
	err := f.gaps.retry(ctx, began)
	f.health.SetUnreadable(len(f.state.Unreadable))
	return false, err
}

// Start is where the list is read from at all.
func (f *Feed) Start() time.Time { return f.state.Start }

// from is where a poll begins.
func (f *Feed) from() time.Time {
	if f.state.Mark.IsZero() {
		return f.state.Start
	}
	return f.state.From(f.state.Mark.Add(-f.Overlap))
}

// read reads the list from a time on, but for what cannot be read.
func (f *Feed) read(ctx context.Context, from time.Time, p *feedPass) error {
	for _, window := range f.state.Windows(from, time.Time{}) {
		place, err := f.walk(ctx, window, f.Top, p)
		if err == nil {
			continue
		}
		passed, tried := f.gaps.passOver(ctx, place, err, p)
		if !passed {
			// What was answered last counts first, e.g. that the service throttles.
			return errors.Join(tried, err)
		}
		return f.read(ctx, place, p)
	}
	f.gaps.trial = feedTrial{}
	return nil
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

// AskForLess asks for smaller pages where one is too large. Poll itself finds what cannot be read.
func (f *Feed) AskForLess(_ context.Context, _ failure.Doubt, err error) bool {
	if !failure.Is(err, hunting.TooLarge) || f.Top == 1 {
		return false
	}
	f.Top /= 2
	return true
}

// Succeeded has nothing to do.
func (*Feed) Succeeded() {}
