package health

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// Registry holds the sources of a receiver.
type Registry struct {
	// wake tells Run that something may have changed.
	wake chan struct{}

	// telling makes it one step to ask whether a trouble is news, and to note it. It comes before mu.
	telling sync.Mutex

	// mu guards everything below. It comes before the lock of a source.
	mu      sync.Mutex
	sources []*Source
	// common holds what concerns the whole receiver, by name.
	common map[string]error
	// notes are attributes of the status that are no trouble.
	notes map[string]string
	// paused: all sources that ask with the receiver's credentials are paused.
	paused failure.Reason
	exempt map[*Source]bool // sources that paused does not concern
	// throttles is how often in a row the service asked to wait.
	throttles int
	letters   map[string]Letters // by table
}

// Letters are the refused rows of a table that were kept as dead letters, or could not be.
type Letters struct {
	Written, Failed int
}

// NewRegistry makes a registry without sources.
func NewRegistry() *Registry {
	return &Registry{
		wake: make(chan struct{}, 1), common: map[string]error{}, notes: map[string]string{}, exempt: map[*Source]bool{},
		letters: map[string]Letters{},
	}
}

// Add makes a source. One that is apart does not pause with the others.
func (r *Registry) Add(name, table string, apart bool) *Source {
	s := &Source{Name: name, Table: table, Commands: newCommands(r.changed), registry: r, view: View{State: Running}}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, s)
	r.exempt[s] = apart
	return s
}

// Hold says that the pipeline does not take rows at present, nil that it does again: those of the source of a name,
// else of the whole receiver.
func (r *Registry) Hold(name string, err error) {
	for _, s := range r.Sources() {
		if s.Name == name {
			s.Hold(err)
			return
		}
	}
	r.SetCommon(name, err)
}

// CountLetter counts a refused row of a table.
func (r *Registry) CountLetter(table string, written bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	letters := r.letters[table]
	if written {
		letters.Written++
	} else {
		letters.Failed++
	}
	r.letters[table] = letters
}

// Letters are those of a table.
func (r *Registry) Letters(table string) Letters {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.letters[table]
}

// Sources are all sources, in the order in which they were added.
func (r *Registry) Sources() []*Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sources)
}

// Views are the sources' present states.
func (r *Registry) Views() []View {
	var views []View
	for _, s := range r.Sources() {
		views = append(views, s.View())
	}
	return views
}

// PauseAll pauses the sources that ask with the receiver's credentials; None lets them go on.
func (r *Registry) PauseAll(reason failure.Reason, err error) {
	r.mu.Lock()
	r.paused = reason
	r.mu.Unlock()
	r.SetCommon(credentials, err)
}

// credentials is the common trouble of PauseAll.
const credentials = "credentials"

// SetCommon says what trouble the whole receiver has under a name; nil: none.
func (r *Registry) SetCommon(name string, err error) {
	r.mu.Lock()
	if err == nil {
		delete(r.common, name)
	} else {
		r.common[name] = err
	}
	r.mu.Unlock()
	r.changed()
}

// Throttle says that the service asked to wait. One such answer is no trouble, several without any other answer in
// between are. It reports whether this is the first.
func (r *Registry) Throttle(err error) bool {
	r.mu.Lock()
	r.throttles++
	throttles := r.throttles
	r.mu.Unlock()
	if throttles > 1 {
		r.SetCommon(throttled, err)
	}
	return throttles == 1
}

// Answered says that the service answered a query.
func (r *Registry) Answered() {
	r.mu.Lock()
	throttles := r.throttles
	r.throttles = 0
	r.mu.Unlock()
	if throttles > 1 {
		r.SetCommon(throttled, nil)
	}
}

// throttled is the common trouble of Throttle.
const throttled = "throttled"

// Note sets an attribute of the status, which is no trouble; an empty one removes it.
func (r *Registry) Note(name, text string) {
	r.mu.Lock()
	if text == "" {
		delete(r.notes, name)
	} else {
		r.notes[name] = text
	}
	r.mu.Unlock()
	r.changed()
}

// over lays what concerns all sources over a source's own view.
func (r *Registry) over(s *Source, v View) View {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.paused != failure.None && !r.exempt[s] && v.State != Paused {
		v.State, v.Reason, v.Err, v.NextPoll = Paused, r.paused, r.common[credentials], time.Time{}
	}
	return v
}

// has reports whether a source other than one has a trouble.
func (r *Registry) has(one *Source, key string) bool {
	return slices.ContainsFunc(r.Sources(), func(s *Source) bool { return s != one && s.trouble().key == key })
}

// isPausedFor reports whether a source is paused for a cause.
func (r *Registry) isPausedFor(cause string) bool {
	return slices.ContainsFunc(r.Sources(), func(s *Source) bool { return s.isPausedFor(cause) })
}

func (r *Registry) changed() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// troubles are all present ones, by key, with the sources that have them. Those of a source that is paused with all
// others are not told beside it.
func (r *Registry) troubles() map[string]*group {
	r.mu.Lock()
	groups := map[string]*group{}
	for name, err := range r.common {
		groups[name] = &group{names: []string{name}, err: err}
	}
	paused := r.paused != failure.None
	r.mu.Unlock()
	for _, s := range r.Sources() {
		trouble := s.trouble()
		if trouble.Err == nil || paused && !r.isExempt(s) && isDoubted(trouble.Err) {
			continue
		}
		if groups[trouble.key] == nil {
			groups[trouble.key] = &group{err: trouble.Err}
		}
		groups[trouble.key].names = append(groups[trouble.key].names, s.Name)
	}
	return groups
}

func (r *Registry) isExempt(s *Source) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.exempt[s]
}

// isDoubted reports whether an error is of the credentials, which is told for all sources at once.
func isDoubted(err error) bool {
	cause := failure.CauseOf(err)
	return cause == failure.Credentials || cause == failure.Permission
}

// noted is a copy of the notes.
func (r *Registry) noted() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.notes)
}
