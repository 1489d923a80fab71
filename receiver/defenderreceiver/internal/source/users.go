package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// allUsersInterval is how often everybody is read again, as IdentityInfo shows everybody once a day: the
// processor forgets whom it has not seen for long, and what a batch that was refused for good said comes
// again.
const allUsersInterval = 24 * time.Hour

// Users is Graph's directory of people, which is read by no query: by pages and links of changes. Nothing of it is
// stored, because the processor needs everybody again after a start.
type Users struct {
	table   string // its name in the configuration
	service *service.Client
	outlet  *delivery.Outlet
	ids     *rowid.Hasher
	health  *health.Source
	logger  *zap.Logger
	// repaired is told how many values of an answer were no valid text.
	repaired func(ctx context.Context, values int64)

	next string    // the link to go on at; empty: the beginning
	all  time.Time // when everybody was asked for last, on the service's clock
	asOf time.Time // of the newest page, on the service's clock; never goes back
	came time.Time // when a page was last read to its end, on this machine's clock
}

// NewUsers makes a reader of Graph's users.
func NewUsers(table string, client *service.Client, outlet *delivery.Outlet, ids *rowid.Hasher, seen *health.Source, logger *zap.Logger,
	repaired func(ctx context.Context, values int64),
) *Users {
	return &Users{table: table, service: client, outlet: outlet, ids: ids, health: seen, logger: logger, repaired: repaired}
}

// Poll reads page by page until there is nothing more: first everybody, from then on who was
// changed or removed, and everybody again once a day. A page that fails is asked for again by the next poll.
func (u *Users) Poll(ctx context.Context) (bool, error) {
	u.service.Begin(time.Now())
	anew := false
	for {
		link, err := u.readPage(ctx)
		switch {
		case err == nil && !link.Changes:
			u.next, u.came = link.URL, time.Now()
		case err == nil:
			u.next, u.came = link.URL, time.Now()
			u.health.Progress(u.asOf)
			if anew || u.asOf.Before(u.all.Add(allUsersInterval)) {
				return false, nil
			}
			// Only now, since nobody who was removed stands among everybody.
			u.next, anew = "", true
		case u.next != "" && isLost(err) && !anew:
			// Once a poll, so that a service which never knows its own links is not asked without end.
			u.logger.Info("Graph does not know any more what has changed; all users are read anew.", zap.Error(err))
			u.next, anew = "", true
		default:
			return false, err
		}
	}
}

// isLost reports whether the service does not take a link that it gave.
func isLost(err error) bool { return failure.Is(err, hunting.LinkExpired, hunting.BadQuery) }

// readPage reads and delivers one page. With an error, what was read before it is delivered all the
// same.
func (u *Users) readPage(ctx context.Context) (hunting.Link, error) {
	rows, err := u.service.Users(ctx, u.next)
	if err != nil {
		return hunting.Link{}, err
	}
	defer rows.Close()
	if now := u.service.Time(); now.After(u.asOf) {
		u.asOf = now
	}
	if u.next == "" {
		u.all = u.asOf
	}
	body := pcommon.NewMap()
	for {
		more, err := rows.Next(body)
		if err == nil && more {
			u.health.Read(1)
			// Graph does not say since when a row is so, and of two of one user the later counts: none is
			// left out for being in the page twice.
			u.outlet.Add(body, delivery.Row{UID: u.ids.UID(body), Timestamp: u.asOf, Readable: true}, u.service.Now())
		}
		ended := err != nil || !more
		if !ended && !u.outlet.Full() {
			continue
		}
		if _, failure := u.outlet.Deliver(ctx); failure != nil {
			return hunting.Link{}, errors.Join(err, failure)
		}
		if ended {
			u.repaired(ctx, rows.Stats().Repaired)
			return rows.Link(), err
		}
	}
}

// Furthest is when a page was last read to its end.
func (u *Users) Furthest() time.Time { return u.came }

// Situation says that Graph's directory has limits and a permission of its own.
func (u *Users) Situation() failure.Situation {
	return failure.Situation{ServiceNow: u.service.Time(), OwnLimits: true}
}

// Advise says by which setting the users are left out.
func (u *Users) Advise(err error) error {
	switch {
	case failure.Is(err, hunting.Forbidden, hunting.Unlicensed):
		return fmt.Errorf("set tables::%s::enabled: false if it is not to be read: %w", u.table, err)
	case failure.Is(err, hunting.BadQuery, hunting.UnknownColumn):
		return fmt.Errorf("set tables::%s::enabled: false if this tenant's Graph has no delta query of users: %w", u.table, err)
	default:
		return err
	}
}

// Adapt has nothing to leave out.
func (*Users) Adapt(error) bool { return false }

// AskForLess has no smaller pages to ask for: their size is Graph's.
func (*Users) AskForLess(context.Context, failure.Doubt, error) bool { return false }

// Succeeded has nothing to do.
func (*Users) Succeeded() {}
