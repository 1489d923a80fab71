package delivery

import "sync"

// seen is how many calls the pipeline had accepted at some time.
type seen struct {
	own    int // of the table
	others int // of other tables
}

// newer reports whether something was accepted since. What other tables brought counts only with others.
func (s seen) newer(since seen, others bool) bool {
	return s.own > since.own || others && s.others > since.others
}

// lastRows is how many rows of a table in a row may be taken for refused on the evidence of other tables alone. A
// destination may refuse one table, such as a topic without permission to write: its rows must not all become dead
// letters because other topics work.
const lastRows = 10

// acceptances is what the pipeline has accepted, over all tables of the receiver.
type acceptances struct {
	mu      sync.Mutex // guards everything below
	total   int        // accepted calls that say something of the destination
	tables  map[string]*acceptance
	changed chan struct{} // closed when total grows
}

// acceptance is what the pipeline has accepted of one table.
type acceptance struct {
	calls  int
	shared int // those of calls that total has too
	// refused is the number of rows taken for refused since a call of the table was accepted.
	refused int
}

func newAcceptances() *acceptances {
	return &acceptances{tables: map[string]*acceptance{}, changed: make(chan struct{})}
}

// of returns the table's own. mu is held.
func (a *acceptances) of(table string) *acceptance {
	own := a.tables[table]
	if own == nil {
		own = &acceptance{}
		a.tables[table] = own
	}
	return own
}

// accepted says that a call of the table was. elsewhere: it also says something to other tables.
func (a *acceptances) accepted(table string, elsewhere bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	own := a.of(table)
	own.calls++
	own.refused = 0
	if !elsewhere {
		return
	}
	own.shared++
	a.total++
	close(a.changed)
	a.changed = make(chan struct{})
}

// refuse says that a row of the table was taken for refused.
func (a *acceptances) refuse(table string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.of(table).refused++
}

// look returns what was accepted so far, whether other tables count for a table that has so many rows pending, and a
// channel that is closed when another call is accepted.
func (a *acceptances) look(table string, pending int) (now seen, others bool, changed <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	own := a.of(table)
	return seen{own: own.calls, others: a.total - own.shared}, own.refused+pending <= lastRows, a.changed
}
