// Package service sends the requests of a lane: each waits for its turn, is sent, paid for out of the quota, measured,
// and told in the log.
package service

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// Kind is a kind of requests. The scheduler estimates the cost of each kind.
type Kind string

// The kinds.
const (
	Read  Kind = "read"
	Count Kind = "count" // its cost grows with its range
	Probe Kind = "probe"
)

// Client sends the requests of one lane, one at a time. It belongs to the loop of its lane.
type Client struct {
	API       API
	scheduler *scheduler.Scheduler
	Settings

	grant *scheduler.Grant // the next request's turn, taken ahead; nil if it was not
	due   time.Time        // since when the next request is wished
	began time.Time        // when the poll began
}

// New makes the client of a lane.
func New(api API, line *scheduler.Scheduler, settings Settings) *Client {
	return &Client{API: api, scheduler: line, Settings: settings}
}

// Begin says that a poll begins: its first request is wished from now on.
func (c *Client) Begin(now time.Time) { c.due, c.began = now, now }

// ServiceNow is the service's time, as far as it is known.
func (c *Client) ServiceNow() (now time.Time, known bool) { return c.API.Clock().Now(c.Now()) }

// Time is the service's time; until it is known, this machine's.
func (c *Client) Time() time.Time {
	if now, known := c.ServiceNow(); known {
		return now
	}
	return c.Now()
}

// TakeTurn waits for the turn of the next request ahead of it, unless it was taken already.
func (c *Client) TakeTurn(ctx context.Context, kind Kind) error {
	return c.takeTurn(ctx, scheduler.Turn{Kind: string(kind)})
}

// LeaveTurn gives back a turn that no request has used.
func (c *Client) LeaveTurn() {
	if c.grant != nil {
		c.grant.Cancel()
		c.grant = nil
	}
}

func (c *Client) takeTurn(ctx context.Context, turn scheduler.Turn) error {
	if c.grant != nil {
		return nil
	}
	turn.Table, turn.Priority, turn.Due, turn.Spare, turn.Behind = c.Lane, c.Priority, c.due, c.Spare, c.behind()
	var err error
	c.grant, err = c.scheduler.Acquire(ctx, turn)
	return err
}

func (c *Client) behind() time.Duration {
	if c.Behind != nil {
		return c.Behind()
	}
	return max(time.Since(c.began), 0)
}

// Query asks for the rows of a page, which is for the log. It returns when the answer begins; the cost is taken out of
// the quota when the answer is closed.
func (c *Client) Query(ctx context.Context, kind Kind, p query.Page, kql string, columns []tables.Column) (*hunting.Rows, error) {
	turn := scheduler.Turn{Kind: string(kind)}
	if kind == Count {
		turn.Extent = p.To.Sub(p.From)
	}
	return c.send(ctx, turn, p, func() (*hunting.Rows, error) { return c.API.Query(ctx, kql, columns) })
}

// Users asks for a page of Graph's users; an empty link asks for the first one.
func (c *Client) Users(ctx context.Context, link string) (*hunting.Rows, error) {
	return c.send(ctx, scheduler.Turn{Kind: string(Read)}, query.Page{}, func() (*hunting.Rows, error) { return c.API.Users(ctx, link) })
}

func (c *Client) send(ctx context.Context, turn scheduler.Turn, p query.Page, request func() (*hunting.Rows, error)) (*hunting.Rows, error) {
	if err := c.takeTurn(ctx, turn); err != nil {
		return nil, err
	}
	grant := c.grant
	c.grant = nil
	sent := time.Now()
	// A poll of many requests stands in line anew for each of them.
	c.due = sent
	rows, err := request()
	spent := time.Since(sent)
	now, _ := c.ServiceNow()
	grant.Release(now)
	c.Answered(ctx, spent, err)
	if err != nil {
		grant.Charge(c.cost(spent))
		c.log(turn.Kind, p, sent, 0, err)
		return nil, err
	}
	c.Accepted()
	rows.OnClose(func(s hunting.Stats) {
		grant.Charge(c.cost(CPU(s)))
		c.log(turn.Kind, p, sent, s.Rows, nil)
	})
	return rows, nil
}

// cost is what of a request's time counts in the quota.
func (c *Client) cost(cpu time.Duration) time.Duration {
	if !c.CostsCPU {
		return 0
	}
	return cpu
}

// CPU is what a query has cost. Graph does not tell it: the time that the service was at work on the request is the
// estimate.
func CPU(s hunting.Stats) time.Duration {
	if s.HasCPU {
		return s.CPU
	}
	return s.Waited
}

// log writes the line of one request. rows counts all of the answer, also that of the service's time.
func (c *Client) log(kind string, p query.Page, sent time.Time, rows int64, err error) {
	entry := c.Logger.Check(zap.DebugLevel, "A query was answered.")
	if entry == nil {
		return
	}
	fields := []zap.Field{
		zap.String("kind", kind), zap.Int64("rows", rows), zap.Int64("milliseconds", time.Since(sent).Milliseconds()),
		zap.String("outcome", Outcome(err)),
	}
	if !p.To.IsZero() {
		fields = append(fields, zap.Time("from", p.From), zap.Time("to", p.To))
	}
	if p.Parts > 1 {
		fields = append(fields, zap.Int("part", p.Part), zap.Int("parts", p.Parts))
	}
	if err != nil {
		fields = append(fields, zap.Error(err))
	}
	entry.Write(fields...)
}
