package tail

import (
	"bytes"
	"context"
	"fmt"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/book"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/lines"
)

// read reads one part of a blob, hands its lines on, and moves the blob's place.
func (c *Container) read(ctx context.Context, task book.Task) error {
	n := max(c.want[task.Name], c.MaxRead)
	from := task.Offset
	within := c.book.Place(task.Name).Within
	if within {
		from-- // the byte before tells whether a line begins at the offset
	}
	part, err := c.Client.Read(ctx, c.name, task.Name, from, n, task.Known)
	switch {
	case account.Is(err, account.Absent):
		return c.gone(ctx, task.Name)
	case account.Is(err, account.Unreadable):
		c.book.SetAside(task.Name)
		return fmt.Errorf("read %s/%s: %w", c.name, task.Name, err)
	case err != nil:
		return fmt.Errorf("read %s/%s: %w", c.name, task.Name, err)
	case part.Unchanged:
		c.book.Unchanged(task.Name)
		return nil
	}
	c.Metrics.Read(c.table.Name, len(part.Body))
	if c.book.Heard(part.Blob, c.Now()) {
		// What was read stands in another blob than what was asked for.
		c.Metrics.Recreated(c.table.Name)
		delete(c.want, task.Name)
		return c.save(ctx)
	}
	if err := c.take(ctx, part, taken{task: task, from: from, within: within, n: n}); err != nil {
		return err
	}
	if part.Cut != nil {
		return fmt.Errorf("read %s/%s: %w", c.name, task.Name, part.Cut)
	}
	return nil
}

// gone takes a blob out that was deleted. Of one that is not made yet nothing is known.
func (c *Container) gone(ctx context.Context, name string) error {
	delete(c.want, name)
	if unread := c.book.Gone(name); unread > 0 {
		c.lost(name, unread)
	}
	return c.save(ctx)
}

// taken is what was asked for.
type taken struct {
	task   book.Task
	from   int64 // where the part begins
	within bool  // the part begins with a line's end of which nothing is read
	n      int64 // the most bytes that were asked for
}

// take hands on what a part has, and moves the place.
func (c *Container) take(ctx context.Context, part account.Part, t taken) error {
	name, at, body := t.task.Name, t.from, part.Body
	atEnd := part.Cut == nil && at+int64(len(body)) >= part.Blob.Size
	if t.within {
		i := bytes.IndexByte(body, '\n')
		if i < 0 && !atEnd {
			return c.move(ctx, part, name, book.Place{Offset: at + int64(len(body)), Within: true}, false)
		}
		if i < 0 {
			return c.move(ctx, part, name, book.Place{Offset: t.task.Offset, Within: true}, true)
		}
		at, body = at+int64(i)+1, body[i+1:]
	}
	whole := lines.Whole(body)
	var moved int64
	var err error
	switch {
	case whole > 0:
		delete(c.want, name)
		moved, err = c.handOn(ctx, name, at, body[:whole])
	case t.task.Ends && atEnd && len(body) > 0:
		moved, err = c.handOn(ctx, name, at, body)
	case !atEnd && part.Cut == nil && int64(len(body)) >= lines.MostLine:
		moved, err = c.handOnPieces(ctx, name, at, body)
	case !atEnd && part.Cut == nil:
		c.want[name] = min(max(2*t.n, t.n), lines.MostLine)
	}
	atEnd = atEnd && err == nil && moved >= int64(whole)
	if stored := c.move(ctx, part, name, book.Place{Offset: at + moved}, atEnd); err == nil {
		err = stored
	}
	return err
}

// move stores a place. Of a blob that was read to its end, nothing is asked for until it changes.
func (c *Container) move(ctx context.Context, part account.Part, name string, place book.Place, atEnd bool) error {
	before := c.book.Place(name)
	place.Created = part.Blob.Created
	if place.Created == "" {
		place.Created = before.Created
	}
	place.Seen = place.Offset
	if atEnd {
		place.Seen, place.ETag = part.Blob.Size, part.Blob.ETag
	}
	c.book.Move(name, place, c.Now())
	return c.save(ctx)
}
