// Package memo remembers answers as long as what they depend on stays the same.
package memo

import "sync"

// Memo remembers answers by key, for one version of what they depend on. With another version it has forgotten all of
// them. It is bounded: of what has no room, what was not asked for lately is forgotten. It is safe for concurrent use.
type Memo[V comparable, A any] struct {
	limit int

	mu      sync.Mutex // guards everything below
	version V
	// recent are the answers asked for since it was made, before those of the turn before.
	recent, before map[string]A
}

// New returns a memo of up to twice limit answers.
func New[V comparable, A any](limit int) *Memo[V, A] {
	return &Memo[V, A]{limit: limit, recent: map[string]A{}}
}

// Get is the answer remembered for a key, in this version.
func (m *Memo[V, A]) Get(version V, key []byte) (A, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if version != m.version {
		m.version, m.recent, m.before = version, map[string]A{}, nil
	}
	if answer, ok := m.recent[string(key)]; ok {
		return answer, true
	}
	answer, ok := m.before[string(key)]
	if ok {
		m.put(string(key), answer)
	}
	return answer, ok
}

// Put remembers an answer that was found after version had been read. One of another version than the last that was
// asked for is not remembered: what it depends on has changed since.
func (m *Memo[V, A]) Put(version V, key string, answer A) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if version == m.version {
		m.put(key, answer)
	}
}

func (m *Memo[V, A]) put(key string, answer A) {
	if len(m.recent) >= m.limit {
		m.before, m.recent = m.recent, map[string]A{}
	}
	m.recent[key] = answer
}
