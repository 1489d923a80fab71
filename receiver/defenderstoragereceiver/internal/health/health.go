// Package health is the one owner of what can be seen of a receiver's containers, and of what a user commands.
//
// A Container is written by its loop. Metrics, the status page and the component's status read it. One cause of trouble
// gives one line, which names all containers that have it. The component's status changes only when trouble begins or ends.
package health

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
)

// State is what a container's loop does.
type State string

// The states.
const (
	Running    State = "running"
	BackingOff State = "backing_off"
	Refused    State = "refused"
	Paused     State = "paused"
)

// Board has all containers, and what concerns the whole receiver.
type Board struct {
	wake chan struct{} // tells Run that something may have changed

	mu         sync.Mutex // guards everything below, and the containers
	containers []*Container
	common     map[string]error
	notes      map[string]string
}

// New makes an empty board.
func New() *Board {
	return &Board{wake: make(chan struct{}, 1), common: map[string]error{}, notes: map[string]string{}}
}

// Container is one container on the board.
type Container struct {
	// Name is the container's, Table that of its table.
	Name, Table string

	board  *Board
	wanted chan struct{} // tells the loop that a user's command has changed something
	now    View
}

// View is what can be seen of a container.
type View struct {
	State    State
	Err      error // why it does not run; nil while it does
	Failures int   // in a row
	LastRead time.Time
	NextRead time.Time
	Halted   bool // by a user

	Rows    Rows
	Letters Letters
	Blobs   Blobs
}

// Rows are those of a container since the receiver's start, by what became of them.
type Rows struct {
	Delivered, Refused int
	Repeated           int // had been handed on before, and were left out
	Broken             int // lines that are no rows, and were handed on or refused as texts
}

// Blobs are those of a container, as far as they were heard of.
type Blobs struct {
	Number int
	Behind int64     // bytes that are unread
	Oldest time.Time // since when the oldest of these is there; zero: nothing is unread
	Grown  time.Time // when one of them grew last; zero: there is none
	Listed time.Time // when the last complete list began; zero: there was none since the start
	// Whole is up to when all that had been written was read: the last list after which nothing was unread. Zero: there was
	// none since the start.
	Whole time.Time
	Lost  int64 // bytes that were deleted before they were read, since the receiver's start
}

// Letters are the dead letters of a container.
type Letters struct{ Written, Failed int }

// Add makes the entry of a container. paused: a user had paused it before.
func (b *Board) Add(name, table string, paused bool) *Container {
	c := &Container{Name: name, Table: table, board: b, wanted: make(chan struct{}, 1), now: View{State: Running, Halted: paused}}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.containers = append(b.containers, c)
	return c
}

// Containers are all containers, by name.
func (b *Board) Containers() []*Container {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.containers)
	slices.SortFunc(all, func(a, c *Container) int { return strings.Compare(a.Name, c.Name) })
	return all
}

// Of is the container of a table, nil if there is none.
func (b *Board) Of(table string) *Container {
	for _, c := range b.Containers() {
		if c.Table == table || c.Name == table {
			return c
		}
	}
	return nil
}

// View is a copy.
func (c *Container) View() View {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	v := c.now
	if v.Halted {
		v.State, v.NextRead = Paused, time.Time{}
	}
	return v
}

// Change changes what is seen of the container.
func (c *Container) Change(with func(*View)) {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	with(&c.now)
}

// Count counts rows by what became of them.
func (c *Container) Count(r Rows) {
	c.Change(func(v *View) {
		v.Rows.Delivered += r.Delivered
		v.Rows.Refused += r.Refused
		v.Rows.Repeated += r.Repeated
		v.Rows.Broken += r.Broken
	})
}

// Lose counts bytes that were deleted before they were read.
func (c *Container) Lose(bytes int64) { c.Change(func(v *View) { v.Blobs.Lost += bytes }) }

// Succeed says that the container was read, and returns the trouble that this has ended.
func (c *Container) Succeed(now, next time.Time) (ended error) {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	ended = c.now.Err
	c.now.State, c.now.Err, c.now.Failures = Running, nil, 0
	c.now.LastRead, c.now.NextRead = now, next
	if ended != nil {
		c.board.changed()
	}
	return ended
}

// Fail says that the container was not read, or that what was read is not taken. It reports whether that is news.
func (c *Container) Fail(state State, err error, now, next time.Time) (news bool) {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	news = !c.board.has(keyOf(err))
	c.now.State, c.now.Err, c.now.LastRead, c.now.NextRead = state, err, now, next
	if state == BackingOff {
		c.now.Failures++
	}
	c.board.changed()
	return news
}

// Hold says that the pipeline does not take the rows of a table, nil that it does again.
func (b *Board) Hold(table string, err error) {
	c := b.Of(table)
	if c == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err != nil:
		c.now.State, c.now.Err = Refused, err
	case c.now.State == Refused:
		c.now.State, c.now.Err = Running, nil
	default:
		return
	}
	b.changed()
}

// Letter counts a dead letter.
func (b *Board) Letter(table string, written bool) {
	c := b.Of(table)
	if c == nil {
		return
	}
	c.Change(func(v *View) {
		if written {
			v.Letters.Written++
		} else {
			v.Letters.Failed++
		}
	})
}

// Halt pauses the container, or lets it go on at once. A container that a user has paused is in no trouble.
func (c *Container) Halt(halted bool) {
	c.Change(func(v *View) {
		v.Halted = halted
		c.board.changed()
	})
	c.Wake()
}

// Wake lets the container's loop look again.
func (c *Container) Wake() {
	select {
	case c.wanted <- struct{}{}:
	default:
	}
}

// Wanted is where the loop learns of a command.
func (c *Container) Wanted() <-chan struct{} { return c.wanted }

// SetCommon says what trouble the whole receiver has under a name, nil: none. It reports whether that is news.
func (b *Board) SetCommon(name string, err error) (news bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		delete(b.common, name)
	} else {
		news = !b.has(keyOf(err))
		b.common[name] = err
	}
	b.changed()
	return news
}

// Note sets an attribute of the status, which is no trouble.
func (b *Board) Note(name, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notes[name] = text
	b.changed()
}

// has reports whether there is such a trouble. mu is held.
func (b *Board) has(key string) bool {
	for _, err := range b.common {
		if keyOf(err) == key {
			return true
		}
	}
	return slices.ContainsFunc(b.containers, func(c *Container) bool { return c.now.Err != nil && !c.now.Halted && keyOf(c.now.Err) == key })
}

func (b *Board) changed() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// changing is what differs between two errors of one cause.
var changing = regexp.MustCompile(`\(request id [^)]*\)|\(correlation id [^)]*\)|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|:\d+->|\d{5,}`)

// keyOf is equal for errors that tell an operator the same.
func keyOf(err error) string {
	root := err
	refused, token := (*account.Error)(nil), (*entra.Error)(nil)
	switch {
	case errors.As(err, &token):
		root = token
	case errors.As(err, &refused):
		root = refused
	case errors.Is(err, delivery.ErrRefused):
		root = delivery.ErrRefused
	}
	return changing.ReplaceAllString(root.Error(), "#")
}

// Troubles are the present ones, one line for each cause.
func (b *Board) Troubles() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	type group struct {
		names []string
		err   error
	}
	groups := map[string]*group{}
	add := func(name string, err error) {
		key := keyOf(err)
		if groups[key] == nil {
			groups[key] = &group{err: err}
		}
		groups[key].names = append(groups[key].names, name)
	}
	for name, err := range b.common {
		add(name, err)
	}
	for _, c := range b.containers {
		if c.now.Err != nil && !c.now.Halted {
			add(c.Table, c.now.Err)
		}
	}
	lines := []string{}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		g := groups[key]
		slices.Sort(g.names)
		lines = append(lines, strings.Join(g.names, ", ")+": "+g.err.Error())
	}
	return lines
}

// current is an error whose text is that of the moment it is read.
type current struct{ board *Board }

func (c current) Error() string {
	if lines := c.board.Troubles(); len(lines) > 0 {
		return strings.Join(lines, "\n")
	}
	return "the trouble is over"
}

// Run reports the component's status when trouble begins or ends, until ctx ends. A permanent error is never reported,
// because all that can happen can heal.
func (b *Board) Run(ctx context.Context, host component.Host) {
	trouble, notes := false, map[string]string{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
		now, noted := len(b.Troubles()) > 0, b.noted()
		if now == trouble && (now || maps.Equal(notes, noted)) {
			continue
		}
		trouble, notes = now, noted
		componentstatus.ReportStatus(host, b.event(now, noted))
	}
}

func (b *Board) noted() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.notes)
}

func (b *Board) event(trouble bool, notes map[string]string) *componentstatus.Event {
	attributes := pcommon.NewMap()
	for name, text := range notes {
		attributes.PutStr(name, text)
	}
	with := componentstatus.WithAttributes(attributes)
	if trouble {
		return componentstatus.NewEvent(componentstatus.StatusRecoverableError, with, componentstatus.WithError(current{b}))
	}
	return componentstatus.NewEvent(componentstatus.StatusOK, with)
}
