package health

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// board has the conditions of all sources, and what concerns the whole receiver. One lock makes it one step to ask
// whether a trouble is news, and to note it.
type board struct {
	// wake tells Run that something may have changed.
	wake chan struct{}

	// mu guards everything below, and the entries.
	mu      sync.Mutex
	entries []*entry
	// common holds what concerns the whole receiver, by name.
	common map[string]error
	// notes are attributes of the status that are no trouble.
	notes map[string]string
	// paused: all sources that ask with the receiver's credentials are paused.
	paused failure.Reason
}

// entry is a source on the board.
type entry struct {
	name  string
	apart bool // it does not pause with the others
	now   Condition
	key   string // of its trouble; empty: it has none
}

// trouble is what the source itself has.
func (e *entry) trouble() Trouble { return Trouble{e.now.Err, e.key} }

// isPausedFor reports whether the source itself is paused for a cause, whatever the reason is called.
func (e *entry) isPausedFor(cause string) bool {
	return e.now.State == Paused && e.key == keyOf(Paused, e.now.Reason, cause)
}

func newBoard() *board {
	return &board{wake: make(chan struct{}, 1), common: map[string]error{}, notes: map[string]string{}}
}

// add makes the entry of a source that runs.
func (b *board) add(name string, apart bool) *entry {
	e := &entry{name: name, apart: apart, now: Condition{State: Running}}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, e)
	return e
}

// seen is the condition of a source, with what concerns all sources laid over it unless a user has halted it.
func (b *board) seen(e *entry, halted bool) Condition {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := e.now
	switch {
	case halted:
		c.State, c.Reason, c.NextPoll = Paused, failure.ReasonUser, time.Time{}
	case b.paused != failure.None && !e.apart && c.State != Paused:
		c.State, c.Reason, c.Err, c.NextPoll = Paused, b.paused, b.common[credentials], time.Time{}
	}
	return c
}

// succeed says that a source was polled. It returns the trouble that this has ended, and whether another source still
// has it.
func (b *board) succeed(e *entry, next time.Time) (ended Trouble, shared bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ended = e.trouble()
	e.now, e.key = Condition{State: Running, LastPoll: time.Now(), NextPoll: next}, ""
	if ended.Err == nil {
		return ended, false
	}
	b.changed()
	return ended, b.has(ended.key)
}

// fail gives a source a condition of trouble, and reports whether that is news: no source had this trouble. One that
// backs off brings no news of what others are paused for.
func (b *board) fail(e *entry, c Condition) bool {
	cause := failure.Key(c.Err)
	key := keyOf(c.State, c.Reason, cause)
	b.mu.Lock()
	defer b.mu.Unlock()
	news := !b.has(key) && (c.State != BackingOff || !slices.ContainsFunc(b.entries, func(e *entry) bool { return e.isPausedFor(cause) }))
	e.now, e.key = c, key
	b.changed()
	return news
}

// hold says that the pipeline does not take the rows of a source, nil that it does again. It reports whether that is
// news.
func (b *board) hold(e *entry, err error) bool {
	now := troubleOf(Refused, failure.None, err)
	b.mu.Lock()
	defer b.mu.Unlock()
	news := err != nil && !b.has(now.key)
	if e.key == now.key || err == nil && e.now.State != Refused {
		return news
	}
	e.now.State, e.now.Err, e.key = Running, err, now.key
	if err != nil {
		e.now.State = Refused
	}
	b.changed()
	return news
}

// has reports whether a source has a trouble. mu is held.
func (b *board) has(key string) bool {
	return slices.ContainsFunc(b.entries, func(e *entry) bool { return e.key == key })
}

// pauseAll pauses the sources that ask with the receiver's credentials; None lets them go on.
func (b *board) pauseAll(reason failure.Reason, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paused = reason
	put(b.common, credentials, err, err != nil)
	b.changed()
}

// credentials is the common trouble of pauseAll.
const credentials = "credentials"

// setCommon says what trouble the whole receiver has under a name; nil: none.
func (b *board) setCommon(name string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	put(b.common, name, err, err != nil)
	b.changed()
}

// note sets an attribute of the status, which is no trouble; an empty one removes it.
func (b *board) note(name, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	put(b.notes, name, text, text != "")
	b.changed()
}

// put sets a value, or removes it.
func put[V any](values map[string]V, name string, value V, set bool) {
	if set {
		values[name] = value
	} else {
		delete(values, name)
	}
}

func (b *board) changed() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// noted is a copy of the notes.
func (b *board) noted() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.notes)
}

// group is one cause and the sources that have it.
type group struct {
	names []string
	err   error
}

// troubles are all present ones, by key, with the sources that have them. Those of a source that is paused with all
// others are not told beside it.
func (b *board) troubles() map[string]*group {
	b.mu.Lock()
	defer b.mu.Unlock()
	groups := map[string]*group{}
	for name, err := range b.common {
		groups[name] = &group{names: []string{name}, err: err}
	}
	for _, e := range b.entries {
		trouble := e.trouble()
		if trouble.Err == nil || b.paused != failure.None && !e.apart && trouble.isDoubted() {
			continue
		}
		if groups[trouble.key] == nil {
			groups[trouble.key] = &group{err: trouble.Err}
		}
		groups[trouble.key].names = append(groups[trouble.key].names, e.name)
	}
	return groups
}

// status is the text of the present troubles: a line for each cause. It is empty if there are none.
func (b *board) status() string {
	groups := b.troubles()
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		g := groups[key]
		slices.Sort(g.names)
		lines = append(lines, strings.Join(g.names, ", ")+": "+g.err.Error())
	}
	return strings.Join(lines, "\n")
}
