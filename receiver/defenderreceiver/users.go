package defenderreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// users is how far Graph's directory of people was read. Nothing of it is stored: the processor needs
// everybody again after a start.
type users struct {
	next string    // the link to go on at; empty: the beginning
	all  time.Time // when everybody was asked for last, on the service's clock
	asOf time.Time // of the newest page, on the service's clock; never goes back
	came time.Time // when a page was last read to its end, on this machine's clock
}

// allUsersInterval is how often everybody is read again, as IdentityInfo shows everybody once a day: the
// processor forgets whom it has not seen for long, and what a batch that was refused for good said comes
// again.
const allUsersInterval = 24 * time.Hour

// pollUsers reads page by page until there is nothing more: first everybody, from then on who was
// changed or removed, and everybody again once a day. A page that fails is asked for again by the next poll.
func (t *table) pollUsers(ctx context.Context) error {
	u := t.users
	anew := false
	for {
		link, err := t.readUsers(ctx)
		switch {
		case err == nil && !link.Changes:
			u.next, u.came = link.URL, time.Now()
		case err == nil:
			u.next, u.came = link.URL, time.Now()
			t.health.Progress(u.asOf)
			if anew || u.asOf.Before(u.all.Add(allUsersInterval)) {
				return nil
			}
			// Only now, since nobody who was removed stands among everybody.
			u.next, anew = "", true
		case u.next != "" && isLost(err) && !anew:
			// Once a poll, so that a service which never knows its own links is not asked without end.
			t.logger.Info("Graph does not know any more what has changed; all users are read anew.", zap.Error(err))
			u.next, anew = "", true
		default:
			return err
		}
	}
}

// isLost reports whether the service does not take a link that it gave.
func isLost(err error) bool { return failure.Is(err, hunting.LinkExpired, hunting.BadQuery) }

// readUsers reads and delivers one page. With an error, what was read before it is delivered all the
// same.
func (t *table) readUsers(ctx context.Context) (hunting.Link, error) {
	rows, err := t.ask(ctx, read, query.Page{}, func() (*hunting.Rows, error) { return t.client.Users(ctx, t.users.next) })
	if err != nil {
		return hunting.Link{}, err
	}
	defer rows.Close()
	t.users.asOf = latest(t.users.asOf, t.serviceNow())
	if t.users.next == "" {
		t.users.all = t.users.asOf
	}
	body := pcommon.NewMap()
	for {
		more, err := rows.Next(body)
		if err == nil && more {
			t.health.Read(1)
			// Graph does not say since when a row is so, and of two of one user the later counts: none is
			// left out for being in the page twice.
			t.batch.Add(body, delivery.Row{UID: t.ids.UID(body), Timestamp: t.users.asOf, Readable: true}, t.now())
		}
		ended := err != nil || !more
		if !ended && !t.batch.Full() {
			continue
		}
		if _, failure := t.deliver(ctx); failure != nil {
			return hunting.Link{}, errors.Join(err, failure)
		}
		if ended {
			t.telemetry.repaired(ctx, t.name, rows.Stats().Repaired)
			return rows.Link(), err
		}
	}
}

// furthest changes when a poll comes further than the ones before it.
func (t *table) furthest() time.Time {
	if t.users != nil {
		return t.users.came
	}
	// An audit that has counted or read something more counts as well.
	return t.pass.next.Add(time.Duration(t.audits.steps))
}

// cost is what of a request's time counts as CPU of the quota: Graph's directory has no part in hunting's.
func (t *table) cost(cpu time.Duration) time.Duration {
	if t.users != nil {
		return 0
	}
	return cpu
}

// declaredTables are all that a user can name under `tables`, most urgent first.
func declaredTables() []*tables.Table { return append(tables.All(), tables.Users()) }

// isUsers reports whether a table is Graph's /users, which is not read by queries.
func isUsers(name string) bool { return name == tables.Users().Name }

// validateUsers refuses what only queries can do.
func (c TableConfig) validateUsers() error {
	var errs []error
	if len(c.Columns) > 0 {
		errs = append(errs, settings.Problemf("columns", "must be empty: of Graph's users the receiver reads what the processor needs"))
	}
	if c.Filter != "" {
		errs = append(errs, settings.Problemf("filter", "must be empty: Graph's users are read by no query"))
	}
	return errors.Join(errs...)
}
