package service

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

// listBurst is how many requests may be sent at once.
const listBurst = 5

// NewListLimit makes a limit of requests to the security API: at most so many in any minute. The burst and one that an
// earlier process may have had are taken off the rate.
func NewListLimit(perMinute int) *rate.Limiter {
	burst := min(listBurst, max(perMinute/3, 1))
	return rate.NewLimiter(rate.Limit(float64(max(perMinute-2*burst, 1))/time.Minute.Seconds()), burst)
}

// Lists sends the requests for one list of Graph's security API, one at a time. The quota of hunting does not concern
// them: their limit is their own.
type Lists struct {
	api   ListAPI
	list  hunting.List
	limit *rate.Limiter
	Settings
}

// NewLists makes the client of a list. Receivers that use one app registration share a limit.
func NewLists(api ListAPI, list hunting.List, limit *rate.Limiter, settings Settings) *Lists {
	return &Lists{api: api, list: list, limit: limit, Settings: settings}
}

// Time is the service's time; until it is known, this machine's.
func (l *Lists) Time() time.Time {
	if now, known := l.api.Clock().Now(l.Now()); known {
		return now
	}
	return l.Now()
}

// Page asks for a page once the limit allows it. It returns when the answer begins.
func (l *Lists) Page(ctx context.Context, request hunting.ObjectsRequest) (*hunting.Rows, error) {
	if err := l.limit.Wait(ctx); err != nil {
		return nil, fmt.Errorf("wait for the limit of requests for %s: %w", l.list, context.Cause(ctx))
	}
	request.List = l.list
	sent := time.Now()
	rows, err := l.api.Objects(ctx, request)
	l.Answered(ctx, time.Since(sent), err)
	if err != nil {
		l.log(request, sent, 0, err)
		return nil, err
	}
	l.Accepted()
	rows.OnClose(func(s hunting.Stats) { l.log(request, sent, s.Rows, nil) })
	return rows, nil
}

func (l *Lists) log(request hunting.ObjectsRequest, sent time.Time, objects int64, err error) {
	l.Logger.Debug("A page of a list was answered.", zap.Int64("objects", objects), zap.Int64("milliseconds", time.Since(sent).Milliseconds()),
		zap.String("outcome", Outcome(err)), zap.Time("from", request.From), zap.Bool("link", request.Link != ""), zap.NamedError("error", err))
}
