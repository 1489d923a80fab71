package comparison

import (
	"slices"
)

// maxPlaces is how many places of an event are named.
const maxPlaces = 10

// judge says what becomes of each event.
type judge struct {
	set             Settings
	result          *Result
	tables, types   *indexed
	persons, alerts map[uint64]struct{}
	show            func(Place) string
}

// judge judges one event by its entries, the source's first.
func (j *judge) judge(raw [][]byte) {
	var source *entry
	var copies []entry
	for _, b := range raw {
		switch e := readEntry(b); {
		case e.side == found:
			copies = append(copies, e)
		case source == nil:
			source = &e
		default:
			j.sameRow(&e)
		}
	}
	switch {
	case source == nil:
		j.unexpected(copies)
	case source.side == dropped:
		j.dropped(source, copies)
	case len(copies) == 0:
		j.absent(source)
	default:
		j.present(source, copies)
	}
}

// sameRow takes back a row that the source gave twice.
func (j *judge) sameRow(e *entry) {
	j.count(e, func(c *Counts) {
		c.Rows--
		if e.side == expected {
			c.Expected--
		} else {
			c.Dropped--
		}
	})
}

func (j *judge) count(e *entry, change func(*Counts)) {
	table := j.tables.word(e.kind)
	counts := j.result.Tables[table]
	change(&counts)
	j.result.Tables[table] = counts
}

func (j *judge) absent(source *entry) {
	list, count := &j.result.Absent, func(c *Counts) { c.Absent++ }
	switch {
	case source.has(flagNotDue):
		list, count = &j.result.NotDue, func(c *Counts) { c.NotDue++ }
	case source.has(flagGuessed):
		list, count = &j.result.Undecided, func(c *Counts) { c.Undecided++ }
	}
	j.count(source, count)
	j.name(list, source, nil, nil)
}

// dropped judges copies of a row that is nobody's today.
func (j *judge) dropped(source *entry, copies []entry) {
	if len(copies) == 0 {
		return
	}
	j.count(source, func(c *Counts) { c.Attributed++ })
	j.name(&j.result.Attributed, source, copies, copies)
	j.repeated(source, copies)
}

func (j *judge) present(source *entry, copies []entry) {
	j.count(source, func(c *Counts) { c.Present++ })
	var altered, attributed []entry
	for _, e := range copies {
		switch {
		case e.content != source.content:
			altered = append(altered, e)
		case e.person == source.person:
		case j.plausible(&e):
			attributed = append(attributed, e)
		default:
			altered = append(altered, e)
		}
	}
	if len(altered) > 0 {
		j.count(source, func(c *Counts) { c.Altered++ })
		j.name(&j.result.Altered, source, copies, altered)
	}
	if len(attributed) > 0 {
		j.count(source, func(c *Counts) { c.Attributed++ })
		j.name(&j.result.Attributed, source, copies, attributed)
	}
	j.repeated(source, copies)
}

// plausible reports whether a copy's person can come of the directories.
func (j *judge) plausible(e *entry) bool {
	if _, known := j.persons[e.person]; known {
		return true
	}
	return e.has(flagOwnName)
}

func (j *judge) repeated(source *entry, copies []entry) {
	if len(copies) == 1 {
		return
	}
	j.count(source, func(c *Counts) {
		c.Repeated++
		c.Copies += int64(len(copies) - 1)
	})
	j.name(&j.result.Repeated, source, copies, copies)
}

// unexpected judges copies of an event that the source does not have.
func (j *judge) unexpected(copies []entry) {
	first := copies[0]
	switch {
	case !first.has(flagWithin):
		j.result.Outside += int64(len(copies))
		return
	case !slices.Contains(j.set.Types, j.types.word(first.kind)):
		j.result.OfOthers += int64(len(copies))
		return
	}
	list := &j.result.Unexpected
	if _, known := j.alerts[first.alert]; known {
		list = &j.result.Superseded
	}
	list.name(j.set.Named, func() Event {
		return Event{ID: first.id.String(), Type: j.types.word(first.kind), Time: first.time(), Copies: len(copies), Places: j.places(copies)}
	})
}

// name names an event of the source; at are the copies that it is named for.
func (j *judge) name(list *List, source *entry, copies, at []entry) {
	list.name(j.set.Named, func() Event {
		return Event{
			ID: source.id.String(), Table: j.tables.word(source.kind), Time: source.time(), Copies: len(copies), Places: j.places(at),
		}
	})
}

func (j *judge) places(copies []entry) []string {
	var places []string
	for _, e := range copies[:min(len(copies), maxPlaces)] {
		places = append(places, j.show(Place{Number: e.place, Position: e.position}))
	}
	return places
}
