package health

import (
	"context"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// Registry holds the sources of a receiver.
type Registry struct {
	// DeadLetters are those of all sources.
	DeadLetters DeadLetters

	board    *board
	throttle throttle

	mu      sync.Mutex // guards what follows
	sources []*Source
}

// NewRegistry makes a registry without sources.
func NewRegistry() *Registry {
	b := newBoard()
	return &Registry{board: b, throttle: throttle{board: b}}
}

// Add makes a source. One that is apart does not pause with the others.
func (r *Registry) Add(name, table string, apart bool) *Source {
	s := newSource(name, table, r.board, apart)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, s)
	return s
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

// PauseAll pauses the sources that ask with the receiver's credentials; None lets them go on.
func (r *Registry) PauseAll(reason failure.Reason, err error) { r.board.pauseAll(reason, err) }

// SetCommon says what trouble the whole receiver has under a name; nil: none.
func (r *Registry) SetCommon(name string, err error) { r.board.setCommon(name, err) }

// Throttle says that the service asked to wait. One such answer is no trouble, several without any other answer in
// between are. It reports whether this is the first.
func (r *Registry) Throttle(err error) bool { return r.throttle.count(err) }

// Answered says that the service answered a query.
func (r *Registry) Answered() { r.throttle.end() }

// Note sets an attribute of the status, which is no trouble; an empty one removes it.
func (r *Registry) Note(name, text string) { r.board.note(name, text) }

// Status is the text of the present troubles: a line for each cause. It is empty if there are none.
func (r *Registry) Status() string { return r.board.status() }

// Run reports the component's status to the host when trouble begins or ends, until ctx ends.
func (r *Registry) Run(ctx context.Context, host component.Host) { r.board.report(ctx, host) }
