package tail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/book"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/lines"
)

// reader reads the blobs of a container, and moves their places.
type reader struct {
	outlet
	book    *book.Book
	unsaved bool
	// want is how much is read of a blob whose line is longer than a part.
	want map[string]int64
	// listed is when the last complete list began, whole the same of the last one after which nothing was unread.
	listed, whole time.Time
	// stored is the list that the storage knows of.
	stored time.Time
}

// list compares all blobs with their places.
func (c *reader) list(ctx context.Context) error {
	c.book.BeginList()
	began, skipped, marker := c.Now(), 0, ""
	for {
		blobs, others, next, err := c.Client.Blobs(ctx, c.name, c.Prefix, marker)
		if isNoContainer(err) {
			break // it is deleted, or not made yet
		}
		if err != nil {
			return fmt.Errorf("list the blobs of %s: %w", c.name, err)
		}
		now := c.Now()
		for _, b := range blobs {
			c.book.Listed(b, now)
		}
		skipped += others
		if marker = next; marker == "" {
			break
		}
	}
	for _, lost := range c.book.EndList() {
		c.lost(lost.Name, lost.Bytes)
	}
	c.listed = began
	c.Metrics.Skipped(c.table.Name, skipped)
	return c.save(ctx)
}

// isNoContainer reports whether the service itself says that there is no such container.
func isNoContainer(err error) bool {
	refused := (*account.Error)(nil)
	return errors.As(err, &refused) && refused.Kind == account.Absent && refused.Code == "ContainerNotFound"
}

func (c *reader) lost(blob string, bytes int64) {
	c.Metrics.Lost(c.table.Name, bytes)
	c.seen.Lose(bytes)
	c.Logger.Error("A blob was deleted before all of it was read: the lifecycle rule of the account must keep blobs for longer than the longest outage.",
		zap.String("table", c.table.Name), zap.String("container", c.name), zap.String("blob", blob), zap.Int64("unread_bytes", bytes))
}

var errStore = errors.New("cursors cannot be stored, so nothing more is read")

// save stores the places that have changed. What was handed on must be stored also at the end.
func (c *reader) save(ctx context.Context) error {
	days := c.book.Dirty()
	if len(days) == 0 && c.listed.Equal(c.stored) {
		c.unsaved = false
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saving)
	defer cancel()
	err := c.State.Save(ctx, c.name, days, c.listed)
	c.Metrics.CursorWrites(err)
	c.unsaved = err != nil
	if err != nil {
		return fmt.Errorf("%w: %w", errStore, err)
	}
	c.book.Stored()
	c.stored = c.listed
	return nil
}

// read reads one part of a blob, hands its lines on, and moves the blob's place.
func (c *reader) read(ctx context.Context, task book.Task) error {
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
	recreated, lost := c.book.Heard(part.Blob, c.Now())
	if lost > 0 {
		c.lost(task.Name, lost)
	}
	if recreated {
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
func (c *reader) gone(ctx context.Context, name string) error {
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
func (c *reader) take(ctx context.Context, part account.Part, t taken) error {
	name, at, body := t.task.Name, t.from, part.Body
	atEnd := part.Cut == nil && at+int64(len(body)) >= part.Blob.Size
	if t.within {
		i := bytes.IndexByte(body, '\n')
		if i < 0 && !atEnd {
			return c.move(ctx, part, name, book.Place{Offset: at + int64(len(body)), Within: true}, book.Taken{}, false)
		}
		if i < 0 {
			return c.move(ctx, part, name, book.Place{Offset: t.task.Offset, Within: true}, book.Taken{}, true)
		}
		at, body = at+int64(i)+1, body[i+1:]
	}
	whole := lines.Whole(body)
	var moved book.Taken
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
	atEnd = atEnd && err == nil && moved.Bytes >= int64(whole)
	if stored := c.move(ctx, part, name, book.Place{Offset: at + moved.Bytes}, moved, atEnd); err == nil {
		err = stored
	}
	return err
}

// move stores a place. Of a blob that was read to its end, nothing is asked for until it changes.
func (c *reader) move(ctx context.Context, part account.Part, name string, place book.Place, taken book.Taken, atEnd bool) error {
	before := c.book.Place(name)
	place.Created = part.Blob.Created
	if place.Created == "" {
		place.Created = before.Created
	}
	place.Seen = place.Offset
	if atEnd {
		place.Seen, place.ETag = part.Blob.Size, part.Blob.ETag
	}
	c.book.Move(name, place, taken, c.Now())
	return c.save(ctx)
}
