package pivot

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// mostTries is how often a query of one task is tried that fails for what it asks.
const mostTries = 5

// tryAgain is the time to the next try of a task, times the tries.
const tryAgain = 5 * time.Minute

// Book has all alerts whose context is looked for. It is safe for concurrent use.
type Book struct {
	rules Rules

	mu    sync.Mutex // guards everything below
	cases map[string]*alertCase
	dirty [shards]bool // changed since they were written
	done  int          // tasks that ended in this process
	aside int          // those that were given up
}

// NewBook returns a book without alerts.
func NewBook(rules Rules) *Book { return &Book{rules: rules, cases: map[string]*alertCase{}} }

// Accept takes a version of an alert that was delivered.
func (b *Book) Accept(a Alert, now time.Time) {
	if !b.rules.Takes(a, now) {
		return
	}
	tasks := b.rules.tasks(a, now)
	summary := now.Add(b.rules.Delays[len(b.rules.Delays)-1])
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.cases[a.ID]
	fresh := c == nil
	if fresh {
		c = newCase(a.ID)
		c.open, c.due, c.forget = true, summary, a.Last.Add(retention)
		b.cases[a.ID] = c
	}
	if c.accept(a, tasks, summary) || fresh {
		b.touch(c)
	}
}

func newCase(id string) *alertCase {
	return &alertCase{alert: id, known: map[key]struct{}{}, rows: map[rowKey]struct{}{}, found: found{}}
}

// touch says that an alert has changed. mu is held.
func (b *Book) touch(c *alertCase) { b.dirty[shardOf(c.alert)] = true }

// Next is the group that is to be asked for now. It is false if nothing is due.
func (b *Book) Next(now time.Time) (Group, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, c := range b.cases {
		switch {
		case c.open:
			b.advance(c, now)
		case c.forget.Before(now):
			b.touch(c)
			delete(b.cases, id)
		}
	}
	for step := range steps {
		for _, table := range b.rules.Tables {
			if g := b.gather(step, table, now); len(g.Items) > 0 {
				return g, true
			}
		}
	}
	return Group{}, false
}

// advance ends what an alert is through with. mu is held.
func (b *Book) advance(c *alertCase, now time.Time) {
	if ended := c.advance(b.rules, now); ended > 0 {
		b.done += ended
		b.touch(c)
	}
}

// gather makes a group of the due tasks of a step for a table. mu is held.
func (b *Book) gather(step int, table *tables.Table, now time.Time) Group {
	var due []Item
	for _, c := range b.cases {
		if !c.open {
			continue
		}
		for _, t := range c.tasks {
			if t.Kind.step() == step && !t.Due.After(now) && t.asks(table) && !c.waits(t, now) {
				due = append(due, Item{Alert: c.alert, Incident: c.incident, Task: t})
			}
		}
	}
	// Those of one alert stay in their order.
	slices.SortStableFunc(due, func(x, y Item) int { return cmp.Or(x.Due.Compare(y.Due), cmp.Compare(x.Alert, y.Alert)) })
	return newGroup(table, due, b.rules.MaxRows, now)
}

// Wants reports whether a row is to be delivered for an alert: it was not yet, and the alert has not had all that it may,
// with so many that are about to be delivered. It is remembered that a row was left out.
func (b *Book) Wants(alert string, row uuid.UUID, underWay int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.cases[alert]
	if c == nil {
		return false
	}
	if _, had := c.rows[rowKeyOf(row)]; had {
		return false
	}
	if len(c.rows)+underWay >= b.rules.MaxRows {
		c.truncated = true
		b.touch(c)
		return false
	}
	return true
}

// Deliver notes that a row was delivered for an alert.
func (b *Book) Deliver(alert string, row uuid.UUID, table string, relation Relation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.cases[alert]; c != nil {
		c.rows[rowKeyOf(row)] = struct{}{}
		c.found.add(table, relation)
		b.touch(c)
	}
}

// Complete says that a group was answered. truncated: the answer had more rows for its only alert than an alert may have.
func (b *Book) Complete(g Group, truncated bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, item := range g.Items {
		if c, t := b.task(item); t != nil {
			t.Asked = append(slices.Clip(t.Asked), g.Table.Name)
			c.truncated = c.truncated || truncated
			b.touch(c)
		}
	}
	for _, item := range g.Items {
		if c := b.cases[item.Alert]; c != nil {
			b.advance(c, now)
		}
	}
}

// task is the task of an item, if it is still there. mu is held.
func (b *Book) task(item Item) (*alertCase, *Task) {
	c := b.cases[item.Alert]
	if c == nil {
		return nil, nil
	}
	i := slices.IndexFunc(c.tasks, func(t Task) bool { return t.key() == item.key() })
	if i < 0 {
		return c, nil
	}
	return c, &c.tasks[i]
}

// Fail says that a group of one task cannot be answered. The task is tried again later, and after several tries it is given
// up: then it reports true.
func (b *Book) Fail(g Group, now time.Time) (givenUp bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, t := b.task(g.Items[0])
	if t == nil {
		return false
	}
	b.touch(c)
	if t.Tries++; t.Tries < mostTries {
		t.Due = now.Add(time.Duration(t.Tries) * tryAgain)
		return false
	}
	k := t.key()
	c.tasks = slices.DeleteFunc(c.tasks, func(t Task) bool { return t.key() == k })
	c.aside++
	b.aside++
	b.advance(c, now)
	return true
}

// Summaries are those of alerts for which nothing is left to be asked.
func (b *Book) Summaries(now time.Time) []Summary {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Summary
	for _, c := range b.cases {
		if c.open && len(c.tasks) == 0 && !c.due.After(now) {
			all = append(all, c.summary())
		}
	}
	slices.SortFunc(all, func(x, y Summary) int { return cmp.Compare(x.Alert, y.Alert) })
	return all
}

// Summarized notes that a summary was delivered.
func (b *Book) Summarized(s Summary) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.cases[s.Alert]; c != nil && s.Number == c.summaries+1 {
		c.summaries++
		c.open = len(c.tasks) > 0
		b.touch(c)
	}
}

// Standing is how much there is to be asked.
type Standing struct {
	Pending, Done, Aside int // tasks; the latter two since the start of the process
	// Oldest is since when the task has been due that was due first; zero: none is due.
	Oldest time.Time
}

// Standing is how much there is to be asked now.
func (b *Book) Standing(now time.Time) Standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Standing{Done: b.done, Aside: b.aside}
	for _, c := range b.cases {
		s.Pending += len(c.tasks)
		for _, t := range c.tasks {
			if !t.Due.After(now) && !c.waits(t, now) && (s.Oldest.IsZero() || t.Due.Before(s.Oldest)) {
				s.Oldest = t.Due
			}
		}
	}
	return s
}
