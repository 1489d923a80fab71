package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// Journal keeps the complete audits of a receiver. It is safe for concurrent use.
type Journal struct {
	client   storage.Client
	tenantID string
	mu       sync.Mutex // held by the one write or report that is under way
}

// New returns the journal of a tenant in the storage of a receiver.
func New(client storage.Client, tenantID string) *Journal {
	return &Journal{client: client, tenantID: strings.ToLower(tenantID)}
}

func (j *Journal) headKey() string           { return "journal/v1/" + j.tenantID + "/head" }
func (j *Journal) dayKey(d proof.Day) string { return "journal/v1/" + j.tenantID + "/day/" + string(d) }

func (j *Journal) partKey(d proof.Day, lane string) string {
	return "journal/v1/" + j.tenantID + "/part/" + string(d) + "/" + lane
}

// Append writes a complete audit, and returns the hash of the new head.
func (j *Journal) Append(ctx context.Context, a Audit) (string, error) {
	digest, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("journal: encode the audit of %s: %w", a.Lane.Table, err)
	}
	return j.write(ctx, a.Lane, a.days(), hashOf(digest), a.Ended, func(p *part) error { return p.apply(a) })
}

// LastAudit is when a lane's newest audit of today or the day before was complete, whatever the time it was read by. It is zero
// if there is none.
func (j *Journal) LastAudit(ctx context.Context, table, name string, now time.Time) (time.Time, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var last time.Time
	for _, date := range []proof.Day{proof.DayOf(now), proof.DayOf(now.AddDate(0, 0, -1))} {
		data, err := j.get(ctx, j.dayKey(date))
		if err != nil {
			return time.Time{}, err
		}
		d, err := decodeDay(data)
		if err != nil {
			continue // the report tells
		}
		for lane := range d.Parts {
			if !strings.HasPrefix(lane, Lane{Table: table, Name: name}.key()) {
				continue
			}
			p, _, err := j.readPart(ctx, d, lane)
			if err != nil {
				return time.Time{}, err
			}
			if p != nil && p.LastAudit.After(last) {
				last = p.LastAudit
			}
		}
	}
	return last, nil
}

// days are the days that an audit says something of. Rows of history that claim to happen after its end may do so on
// any day, so days without such rows say nothing.
func (a Audit) days() []proof.Day {
	with := map[proof.Day]bool{}
	for bin, t := range a.Bins {
		if t.counted() > 0 {
			with[proof.DayOf(bin.Start())] = true
		}
	}
	var days []proof.Day
	for d := proof.DayOf(a.From); d.Start().Before(a.To); d = proof.DayOf(d.End()) {
		if a.End.IsZero() || d.Start().Before(a.End) || with[d] {
			days = append(days, d)
		}
	}
	return days
}

// SetLeft writes what filters left on the server of a lane's day.
func (j *Journal) SetLeft(ctx context.Context, lane Lane, d proof.Day, left proof.Left) error {
	digest, err := json.Marshal(left)
	if err != nil {
		return fmt.Errorf("journal: encode what was left of %s: %w", lane.Table, err)
	}
	_, err = j.write(ctx, lane, []proof.Day{d}, hashOf(digest), left.Counted, func(p *part) error {
		p.Left = &left
		return nil
	})
	return err
}

// Recall writes what became of a range that had been set aside. Within the window of audits the next one would say it as
// well; the window of an older range has passed.
func (j *Journal) Recall(ctx context.Context, r Recall) error {
	digest, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("journal: encode what was read again of %s: %w", r.Lane.Table, err)
	}
	var days []proof.Day
	for d := proof.DayOf(r.From); d.Start().Before(r.To); d = proof.DayOf(d.End()) {
		data, err := j.get(ctx, j.partKey(d, r.Lane.key()))
		if err != nil {
			return err
		}
		if data != nil {
			days = append(days, d)
		}
	}
	_, err = j.write(ctx, r.Lane, days, hashOf(digest), r.Ended, func(p *part) error { return p.recall(r) })
	return err
}

// LacksLeft reports whether a lane's day was audited and it is not written what filters left on the server of it, and from
// when on the day is the lane's.
func (j *Journal) LacksLeft(ctx context.Context, lane Lane, d proof.Day) (from time.Time, lacks bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	data, err := j.get(ctx, j.partKey(d, lane.key()))
	if err != nil || data == nil {
		return time.Time{}, false, err
	}
	p, err := decodePart(data)
	if err != nil || p.Left != nil {
		return time.Time{}, false, nil //nolint:nilerr // A report says what is wrong with the entry.
	}
	own := span{d.Start(), d.End()}.within(span{p.Begin, d.End()})
	return own.From, !own.isEmpty(), nil
}

// write changes the parts of some days, with these days and the head, in one batch.
func (j *Journal) write(ctx context.Context, lane Lane, days []proof.Day, digest string, at time.Time, change func(*part) error) (string, error) {
	if len(days) == 0 {
		return "", nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	h, err := j.head(ctx, days, at)
	if err != nil {
		return "", err
	}
	var ops []*storage.Operation
	for _, d := range days {
		changed, err := j.changeDay(ctx, h, lane, d, at, change)
		if err != nil {
			return "", err
		}
		ops = append(ops, changed...)
	}
	for _, d := range h.forget(slices.Max(days)) {
		gone, err := j.drop(ctx, d)
		if err != nil {
			return "", err
		}
		ops = append(ops, gone...)
	}
	h.next(digest)
	data, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("journal: encode the head: %w", err)
	}
	if err := j.client.Batch(ctx, append(ops, storage.SetOperation(j.headKey(), data))...); err != nil {
		return "", fmt.Errorf("journal: store the audit of %s: %w", lane.Table, err)
	}
	return h.Hash, nil
}

// head reads the head that a write goes on from. What is wrong with it is noted in it.
func (j *Journal) head(ctx context.Context, days []proof.Day, at time.Time) (*head, error) {
	h, problem, err := j.readHead(ctx, days)
	if err != nil {
		return nil, err
	}
	if problem != "" {
		h.note(Break{What: problem, Found: at})
	}
	return h, nil
}

// readHead reads the head, and says what is wrong with it. There is no head in a journal without days.
func (j *Journal) readHead(ctx context.Context, days []proof.Day) (h *head, problem string, err error) {
	data, err := j.get(ctx, j.headKey())
	if err != nil {
		return nil, "", err
	}
	if data == nil {
		for _, d := range days {
			stands, err := j.get(ctx, j.dayKey(d))
			if err != nil {
				return nil, "", err
			}
			if stands != nil {
				return newHead(), "the head was removed", nil
			}
		}
		return newHead(), "", nil
	}
	h, intact, err := decodeHead(data)
	switch {
	case errors.Is(err, errVersion):
		return nil, "", err
	case err != nil:
		return newHead(), fmt.Sprintf("the head cannot be read: %v", err), nil
	case !intact:
		return h, "the head was changed", nil
	}
	return h, "", nil
}

// changeDay changes a lane's part of a day, and the day, and returns what is to be stored.
func (j *Journal) changeDay(ctx context.Context, h *head, lane Lane, date proof.Day, at time.Time, change func(*part) error) ([]*storage.Operation, error) {
	d, p, breaks, err := j.readForChange(ctx, h, lane, date)
	if err != nil {
		return nil, err
	}
	for _, what := range breaks {
		h.note(Break{Day: date, What: what, Found: at})
	}
	if err := change(p); err != nil {
		return nil, fmt.Errorf("journal: the entry of %s on %s: %w", lane.key(), date, err)
	}
	partData, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("journal: encode the entry of %s on %s: %w", lane.key(), date, err)
	}
	d.Parts[lane.key()] = hashOf(partData)
	dayData, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("journal: encode the day %s: %w", date, err)
	}
	h.Days[date] = hashOf(dayData)
	return []*storage.Operation{
		storage.SetOperation(j.partKey(date, lane.key()), partData), storage.SetOperation(j.dayKey(date), dayData),
	}, nil
}

// readForChange reads a day and a lane's part of it. What is not as it was written is told, and not gone on with.
func (j *Journal) readForChange(ctx context.Context, h *head, lane Lane, date proof.Day) (*day, *part, []string, error) {
	d, problem, err := j.readDay(ctx, h, date)
	if err != nil {
		return nil, nil, nil, err
	}
	var breaks []string
	if problem != "" {
		breaks = append(breaks, problem)
	}
	if d == nil {
		return newDay(date), newPart(date, lane), breaks, nil
	}
	p, problem, err := j.readPart(ctx, d, lane.key())
	if err != nil {
		return nil, nil, nil, err
	}
	if problem != "" {
		breaks = append(breaks, problem)
	}
	if p == nil || problem != "" {
		p = newPart(date, lane)
	}
	return d, p, breaks, nil
}

// readDay reads a day, and says what is wrong with it. It is nil if it is not there or cannot be read.
func (j *Journal) readDay(ctx context.Context, h *head, date proof.Day) (d *day, problem string, err error) {
	data, err := j.get(ctx, j.dayKey(date))
	if err != nil {
		return nil, "", err
	}
	hash, listed := h.Days[date]
	switch {
	case data == nil && listed:
		return nil, "the day was removed", nil
	case data == nil:
		return nil, "", nil
	}
	d, err = decodeDay(data)
	switch {
	case errors.Is(err, errVersion):
		return nil, "", err
	case err != nil:
		return nil, fmt.Sprintf("the day cannot be read: %v", err), nil
	case !listed:
		return d, "the day is not in the chain", nil
	case hash != hashOf(data):
		return d, "the day was changed", nil
	}
	return d, "", nil
}

// readPart reads a part of a day, and says what is wrong with it. It is nil if it is not there or cannot be read.
func (j *Journal) readPart(ctx context.Context, d *day, lane string) (p *part, problem string, err error) {
	data, err := j.get(ctx, j.partKey(d.Day, lane))
	if err != nil {
		return nil, "", err
	}
	hash, listed := d.Parts[lane]
	switch {
	case data == nil && listed:
		return nil, fmt.Sprintf("the entry of %s was removed", lane), nil
	case data == nil:
		return nil, "", nil
	}
	p, err = decodePart(data)
	switch {
	case errors.Is(err, errVersion):
		return nil, "", err
	case err != nil:
		return nil, fmt.Sprintf("the entry of %s cannot be read: %v", lane, err), nil
	case p.Day != d.Day || p.Lane.key() != lane:
		return nil, fmt.Sprintf("the entry of %s was exchanged with that of %s on %s", lane, p.Lane.key(), p.Day), nil
	case !listed:
		return p, fmt.Sprintf("the entry of %s is not in the chain", lane), nil
	case hash != hashOf(data):
		return p, fmt.Sprintf("the entry of %s was changed", lane), nil
	}
	return p, "", nil
}

// drop deletes a day.
func (j *Journal) drop(ctx context.Context, date proof.Day) ([]*storage.Operation, error) {
	ops := []*storage.Operation{storage.DeleteOperation(j.dayKey(date))}
	data, err := j.get(ctx, j.dayKey(date))
	if err != nil || data == nil {
		return ops, err
	}
	d, err := decodeDay(data)
	if err != nil {
		// Its parts are not known, and never read again.
		d = newDay(date)
	}
	for lane := range d.Parts {
		ops = append(ops, storage.DeleteOperation(j.partKey(date, lane)))
	}
	return ops, nil
}

func (j *Journal) get(ctx context.Context, key string) ([]byte, error) {
	data, err := j.client.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("journal: read %q from the storage: %w", key, err)
	}
	return data, nil
}
