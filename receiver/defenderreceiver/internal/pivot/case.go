package pivot

import (
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// found are numbers of rows by table and relation.
type found map[string]map[Relation]int

func (f found) add(table string, relation Relation) {
	if f[table] == nil {
		f[table] = map[Relation]int{}
	}
	f[table][relation]++
}

// exact is the number of rows that were found by more than their device.
func (f found) exact() int {
	n := 0
	for _, relations := range f {
		for relation, rows := range relations {
			if relation != OfDevice {
				n += rows
			}
		}
	}
	return n
}

// alertCase is one alert: what is still to be asked for it, and what was found.
type alertCase struct {
	alert, incident string
	tasks           []Task
	// known are all tasks that it has had, rows those that were delivered.
	known map[key]struct{}
	rows  map[rowKey]struct{}
	found found
	// due is when the summary is, if nothing is left to be asked.
	due       time.Time
	summaries int  // that were delivered
	open      bool // something is to be asked, or the summary to be delivered
	truncated bool // rows were left out
	aside     int  // tasks that were given up
	// forget is when no row can be left that it is about.
	forget time.Time
}

// rowKey stands for the id of a row.
type rowKey uint64

func rowKeyOf(id uuid.UUID) rowKey {
	var k rowKey
	for _, b := range id[:8] {
		k = k<<8 | rowKey(b)
	}
	return k
}

// accept adds the tasks of a version of the alert that are new. It reports whether it changed anything.
func (c *alertCase) accept(a Alert, tasks []Task, summary time.Time) bool {
	changed := false
	for _, t := range tasks {
		if _, has := c.known[t.key()]; has {
			continue
		}
		c.known[t.key()] = struct{}{}
		c.tasks = append(c.tasks, t)
		c.forget = later(c.forget, t.To.Add(retention))
		changed = true
	}
	if a.Incident != "" && a.Incident != c.incident {
		c.incident, changed = a.Incident, true
	}
	if changed {
		c.open = true
		c.due = later(c.due, summary)
	}
	return changed
}

// exactLeft reports whether something else than the whole device is to be asked for.
func (c *alertCase) exactLeft() bool {
	return slices.ContainsFunc(c.tasks, func(t Task) bool { return t.Kind != Device })
}

// waits reports whether a task stands back for others of its alert.
func (c *alertCase) waits(t Task, now time.Time) bool {
	switch t.Kind.step() {
	case stepPeople:
		return slices.ContainsFunc(c.tasks, func(o Task) bool { return o.Kind.step() == stepExact && !o.Due.After(now) })
	case stepDevice:
		return c.exactLeft()
	}
	return false
}

// advance ends the rounds of tasks that are through with all tables, and the tasks that are not needed any more. It
// returns how many ended.
func (c *alertCase) advance(r Rules, now time.Time) int {
	before, exact := len(c.tasks), c.exactLeft()
	full := len(c.rows) >= r.MaxRows
	if full && before > 0 {
		c.truncated = true
	}
	c.tasks = slices.DeleteFunc(c.tasks, func(t Task) bool { return full || t.To.Before(now.Add(-retention)) })
	for i := range c.tasks {
		t := &c.tasks[i]
		if t.Due.After(now) || c.waits(*t, now) || slices.ContainsFunc(r.Tables, func(table *tables.Table) bool { return t.asks(table) }) {
			continue
		}
		t.next(r)
	}
	c.tasks = slices.DeleteFunc(c.tasks, func(t Task) bool { return t.Round >= len(r.Delays) })
	if exact && !c.exactLeft() {
		c.turnToDevices(r)
	}
	return before - len(c.tasks)
}

// turnToDevices is called when all else was asked: where it found something, the whole device is not asked for; else it is
// once, when its last round is due.
func (c *alertCase) turnToDevices(r Rules) {
	if c.found.exact() > 0 {
		c.tasks = nil
		return
	}
	for i := range c.tasks {
		t, last := &c.tasks[i], len(r.Delays)-1
		t.Round, t.Due, t.Asked = last, t.Base.Add(r.Delays[last]), nil
	}
}

// next begins the next round.
func (t *Task) next(r Rules) {
	t.Asked, t.Tries = nil, 0
	if t.Round++; t.Round < len(r.Delays) {
		t.Due = t.Base.Add(r.Delays[t.Round])
	}
}

// asks reports whether a table is still to be asked in this round.
func (t *Task) asks(table *tables.Table) bool {
	return !slices.Contains(t.Asked, table.Name) && finds(t.Kind, table)
}

// Summary is what was found for an alert.
type Summary struct {
	Alert, Incident string
	// Number counts the summaries of an alert, from 1. There is another one where evidence came after the first.
	Number int
	// Items is how many pieces of evidence were asked for.
	Items     int
	Rows      int
	Found     map[string]map[Relation]int // by table
	Truncated bool
	Aside     int
}

func (c *alertCase) summary() Summary {
	s := Summary{
		Alert: c.alert, Incident: c.incident, Number: c.summaries + 1, Items: len(c.known), Rows: len(c.rows), Truncated: c.truncated, Aside: c.aside,
		Found: map[string]map[Relation]int{},
	}
	for table, relations := range c.found {
		s.Found[table] = maps.Clone(relations)
	}
	return s
}

// shards is into how many values of the storage the alerts are divided: a change writes a part of them only.
const shards = 64

func shardOf(alert string) int {
	h := fnv.New32a()
	h.Write([]byte(alert))
	return int(h.Sum32() % shards)
}

// Shards is the number of stored values.
func Shards() int { return shards }
