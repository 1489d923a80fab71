package checkup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

// feeds asks for the first object of each list.
func (w *walk) feeds(ctx context.Context) {
	readable := 0
	for _, feed := range w.Feeds {
		began := time.Now()
		f := w.feed(ctx, feed)
		if f.severity == diagnosis.Fine || f.outcome == diagnosis.Throttled || f.outcome == diagnosis.ServiceFailed {
			readable++
		}
		f.severity = min(f.severity, diagnosis.Warning)
		if f.severity == diagnosis.Warning && f.remedy == "" {
			f.remedy = "set feeds::" + feed.Name + "::enabled: false if you can do without it"
		}
		w.check(diagnosis.Tables, "feed", feed.Name, began, f)
	}
	if len(w.Feeds) > 0 && len(w.Tables) == 0 && readable == 0 {
		w.check(diagnosis.Tables, "feeds", "", time.Now(), finding{
			diagnosis.Failed, diagnosis.Fatal, "none of the enabled feeds can be read", "see the remedies above", nil,
		})
	}
}

// feed asks as the receiver does: in the order of last updates, else without.
func (w *walk) feed(ctx context.Context, feed Feed) finding {
	request := hunting.ObjectsRequest{From: w.Now().Add(w.ahead - recent).Truncate(time.Second), Filter: feed.Filter, Top: 1, Ordered: !feed.Daily}
	found, err := w.object(ctx, feed.Lister, request)
	unordered := false
	if refused := (*hunting.Error)(nil); errors.As(err, &refused) && refused.Kind == hunting.BadQuery && request.Ordered {
		request.Ordered = false
		found, err = w.object(ctx, feed.Lister, request)
		unordered = err == nil
	}
	if err != nil {
		return ofFeed(feed, err)
	}
	hours := int(recent / time.Hour)
	f := fine("the list can be read; something was updated in the last %d h", hours)
	if !found {
		f.outcome, f.detail = diagnosis.Empty, fmt.Sprintf("the list can be read; nothing was updated in the last %d h", hours)
	}
	if feed.Daily {
		f.detail = "the list can be read"
	}
	if unordered {
		f.detail += "; it does not come in the order of last updates, so each poll reads it to its end"
	}
	return f
}

// object asks for one object, and reports whether there is one.
func (w *walk) object(ctx context.Context, lister Lister, request hunting.ObjectsRequest) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, w.Patience)
	defer cancel()
	rows, err := lister.Page(ctx, request)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	return rows.Next(pcommon.NewMap())
}

// ofFeed is an error of a list. A 429 of the security API says nothing of the quota of hunting.
func ofFeed(feed Feed, err error) finding {
	f := of(err)
	refused := (*hunting.Error)(nil)
	if !errors.As(err, &refused) {
		return f
	}
	where := "feeds::" + feed.Name
	switch refused.Kind {
	case hunting.Forbidden:
		f.remedy = grant(feed.Roles[0]) + ", or set " + where + "::enabled: false"
	case hunting.BadQuery:
		f.remedy = "look at " + where + "::filter, if it is set"
	case hunting.RateLimited:
		f.detail = "the security API asked to wait"
		f.remedy = step.Wait(refused.RetryAfter, time.Minute) + "; if it comes often, ask who else reads alerts with this app registration"
	default:
	}
	return f
}
