// Package reader reads one table along one time column: pages, parts of an instant, and ranges that cannot be read. Its
// Auditor counts on the service what should have been read, and reads what is missing.
//
// A Reader belongs to the loop of its lane and is not safe for concurrent use. What it has read stands in the ledger of
// its Track; which range it reads, and when, its source decides.
package reader

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// Settings are how a lane is read.
type Settings struct {
	// ID names the table and its lane in the storage.
	ID      string
	Lane    Lane
	Settle  time.Duration
	MaxRows int // of a page; fewer where its rows are large
}

// Surroundings are what a reader works with.
type Surroundings struct {
	Client  *service.Client
	Outlet  *delivery.Outlet
	IDs     *rowid.Hasher
	Metrics Metrics
	Health  *health.Source
	Logger  *zap.Logger
}

// Reader reads one lane of a table along one time column: pages, parts of an instant, and ranges that cannot be read.
type Reader struct {
	Question   *Question
	Track      *Track
	Unreadable *Unreadable

	pager     *pager
	again     *rereader
	logger    *zap.Logger
	pages     *paging.Window
	pollRange pollRange
}

// New makes the reader of a lane.
func New(question *Question, set Settings, with Surroundings) *Reader {
	track := &Track{
		id: set.ID, lane: set.Lane, settle: set.Settle, question: question, client: with.Client, seen: with.Health, logger: with.Logger,
	}
	pages := &pager{
		track: track, question: question, client: with.Client, outlet: with.Outlet, ids: with.IDs, metrics: with.Metrics,
		size: paging.NewSize(set.MaxRows, question.table.RowBytes()),
	}
	again := &rereader{pager: pages}
	return &Reader{
		Question: question, Track: track, Unreadable: &Unreadable{track: track, question: question, again: again},
		pager: pages, again: again, logger: with.Logger, pages: paging.NewWindow(),
	}
}

// Probe looks at some recent rows of the table, and at how many of them the service does not say when they arrived.
func (r *Reader) Probe(ctx context.Context) (rows, unknown int, err error) {
	return probe(ctx, r.pager.client, r.Question)
}

// TakeUp lets the ledger know by which filter rows are read from now on, and others how far it is.
func (r *Reader) TakeUp() {
	r.Track.ledger.SetFilter(r.Question.table.Filter())
	r.Track.Expect(r.Track.ledger.CompleteUntil())
}

// ReadAgain reads a range whole, in at least so many parts, without moving the cursor.
func (r *Reader) ReadAgain(ctx context.Context, from, to time.Time, parts int) error {
	_, _, err := r.again.inParts(ctx, from, to, parts)
	return err
}

// TakeTurn waits for the turn of the next request ahead of it. The function that it returns gives back a turn that no
// request has used.
func (r *Reader) TakeTurn(ctx context.Context) (leave func(), err error) {
	return r.pager.client.LeaveTurn, r.pager.client.TakeTurn(ctx, service.Read)
}
