package pivot

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Hit is an alert that a row belongs to.
type Hit struct {
	Alert, Incident string
	Relation        Relation
	Round           int // from 1
}

// Match are the alerts that a row of the answer to a group belongs to, each with its surest relation.
func (g Group) Match(row pcommon.Map) []Hit {
	at := instant(row, tables.TimestampColumn)
	on := strings.ToLower(text(row, deviceID))
	if at.IsZero() || on == "" {
		return nil
	}
	m := matching{group: g, row: row, at: at, device: on}
	for _, item := range g.Items {
		if item.Device == on && !at.Before(item.From) && !at.After(item.To) {
			m.take(item)
		}
	}
	m.near(m.subjects)
	m.near(m.actors)
	slices.SortFunc(m.hits, func(x, y Hit) int { return cmp.Compare(x.Alert, y.Alert) })
	return m.hits
}

// matching is one row on its way to its alerts.
type matching struct {
	group  Group
	row    pcommon.Map
	at     time.Time
	device string
	// subjects are tasks whose process the row may be about, actors those whose process may have done what it tells.
	subjects, actors []nearby
	hits             []Hit
}

// nearby is a task whose process has an id and about a time of the row.
type nearby struct {
	item     Item
	distance time.Duration
	relation Relation
}

// take finds how a task has to do with the row. Of processes only the nearest count, which is known at the end.
func (m *matching) take(item Item) {
	switch item.Kind {
	case Device:
		m.hit(item, OfDevice)
	case Running, Created, Parent:
		m.process(item)
	case File:
		if m.has(item, strings.ToLower) {
			m.hit(item, OfFile)
		}
	case Address:
		if m.has(item, unmapped) {
			m.hit(item, Network)
		}
	case Host:
		if m.has(item, hostOf) {
			m.hit(item, Network)
		}
	case User:
		if m.has(item, strings.ToUpper) {
			m.hit(item, OfUser)
		}
	case Account:
		if m.has(item, strings.ToLower) {
			m.hit(item, OfUser)
		}
	}
}

// has reports whether one of a task's columns has its value, in its one spelling.
func (m *matching) has(item Item, spelling func(string) string) bool {
	return slices.ContainsFunc(columnsOf(item.Kind, m.group.Table), func(column string) bool {
		value := text(m.row, column)
		return value != "" && spelling(value) == item.Value
	})
}

func (m *matching) process(item Item) {
	columns := columnsOf(item.Kind, m.group.Table)
	if slices.Contains(columns, processID) {
		if distance, is := m.is(item, processID, processCreated); is {
			m.subjects = append(m.subjects, nearby{item, distance, relations[item.Kind]})
		}
	}
	if slices.Contains(columns, initiatingID) {
		if distance, is := m.is(item, initiatingID, initiatingCreated); is {
			relation := Self
			if m.group.Table.Name == processTable {
				relation = Child
			}
			m.actors = append(m.actors, nearby{item, distance, relation})
		}
	}
}

// is reports whether a row's columns name the process of a task.
func (m *matching) is(item Item, id, created string) (time.Duration, bool) {
	at := instant(m.row, created)
	if !item.known() || at.IsZero() || number(m.row, id) != item.ID {
		return 0, false
	}
	distance := at.Sub(item.Created).Abs()
	return distance, distance <= item.tolerance()
}

// near adds the alerts of the nearest process.
func (m *matching) near(all []nearby) {
	if len(all) == 0 {
		return
	}
	nearest := slices.MinFunc(all, func(x, y nearby) int { return cmp.Compare(x.distance, y.distance) })
	for _, n := range all {
		if n.distance == nearest.distance {
			m.hit(n.item, n.relation)
		}
	}
}

// hit adds an alert, or makes its relation a surer one.
func (m *matching) hit(item Item, relation Relation) {
	for i := range m.hits {
		if h := &m.hits[i]; h.Alert == item.Alert {
			if relation.surer(h.Relation) {
				h.Relation, h.Round = relation, item.Round+1
			}
			return
		}
	}
	m.hits = append(m.hits, Hit{item.Alert, item.Incident, relation, item.Round + 1})
}
