package defenderreceiver

import (
	"sync"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
)

// status tells the health registry what the loops have no source at hand for.
type status struct {
	registry *health.Registry

	// mu guards everything below.
	mu      sync.Mutex
	sources map[string]*health.Source
}

func newStatus() *status {
	return &status{registry: health.NewRegistry(), sources: map[string]*health.Source{}}
}

// add makes the source of a lane. One that is apart does not pause with the others.
func (s *status) add(id, table string, apart bool) *health.Source {
	source := s.registry.Add(id, table, apart)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources[id] = source
	return source
}

// set says that the pipeline does not take the rows of a lane at present, nil that it does. Anything else by a name is
// trouble of the whole receiver.
func (s *status) set(name string, err error) {
	s.mu.Lock()
	source := s.sources[name]
	s.mu.Unlock()
	if source == nil {
		s.registry.SetCommon(name, err)
		return
	}
	source.Hold(err)
}

// note sets an attribute of the status, which is no trouble; an empty one removes it.
func (s *status) note(name, text string) { s.registry.Note(name, text) }
