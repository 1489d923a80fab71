package pivot

import (
	"cmp"
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// mostItems is how many tasks one query has.
const mostItems = 200

// Item is a task of an alert.
type Item struct {
	Alert, Incident string
	Task
}

// Group is what one query asks for.
type Group struct {
	Table    *tables.Table
	Items    []Item
	From, To time.Time
	maxRows  int // of an alert
}

// newGroup takes as many of the tasks as one query asks for. What lies before the service's memory is not asked for.
func newGroup(table *tables.Table, due []Item, maxRows int, now time.Time) Group {
	g := Group{Table: table, maxRows: maxRows}
	for _, item := range due {
		if len(g.Items) == mostItems {
			break
		}
		item.From = later(item.From, now.Add(-retention))
		from, to := item.From, item.To
		if len(g.Items) > 0 {
			from, to = earlier(g.From, from), later(g.To, to)
		}
		if len(g.Items) == 0 || to.Sub(from) <= longestSpan {
			g.Items, g.From, g.To = append(g.Items, item), from, to
		}
	}
	return g
}

// OneAlert reports whether all tasks are of one alert.
func (g Group) OneAlert() bool {
	return !slices.ContainsFunc(g.Items, func(i Item) bool { return i.Alert != g.Items[0].Alert })
}

// Halves are two groups that together ask for the same: of several alerts, each has whole alerts.
func (g Group) Halves() []Group {
	items := slices.Clone(g.Items)
	slices.SortStableFunc(items, func(a, b Item) int { return cmp.Compare(a.Alert, b.Alert) })
	middle := len(items) / 2
	if !g.OneAlert() {
		for middle > 0 && items[middle-1].Alert == items[middle].Alert {
			middle--
		}
		for middle == 0 || items[middle-1].Alert == items[middle].Alert {
			middle++
		}
	}
	return []Group{g.of(items[:middle]), g.of(items[middle:])}
}

// of is a group of some of the tasks.
func (g Group) of(items []Item) Group {
	part := Group{Table: g.Table, Items: items, From: items[0].From, To: items[0].To, maxRows: g.maxRows}
	for _, item := range items {
		part.From, part.To = earlier(part.From, item.From), later(part.To, item.To)
	}
	return part
}

// Limit is how many rows are asked for, of at most so many. One alert needs one more than it may have, which tells that
// there are more.
func (g Group) Limit(most int) int {
	if g.OneAlert() {
		return min(most, g.maxRows+1)
	}
	return most
}

// Columns are those of the answer: all that tell a row apart as the table's own lane does, and all that it is matched by; with
// whole, all that the table has.
func (g Group) Columns(whole bool, lacking []string) []tables.Column {
	wanted := g.Table.Columns()
	var columns []tables.Column
	for _, c := range g.Table.Schema.Columns {
		if (whole || slices.Contains(wanted, c) || slices.Contains(matched, c.Name)) && !slices.Contains(lacking, c.Name) {
			columns = append(columns, c)
		}
	}
	return columns
}

// matched are the columns by which rows are matched.
var matched = []string{
	tables.TimestampColumn, deviceID, processID, processCreated, initiatingID, initiatingCreated, "SHA1", "SHA256", "InitiatingProcessSHA1", "InitiatingProcessSHA256",
	"RemoteIP", "RemoteUrl", "AccountName", "AccountSid", "InitiatingProcessAccountSid", "RequestAccountSid",
}

// Query is the KQL of a group. Without Limit rows at most, those of one alert come in the order of their time; of a whole
// device the newest are taken.
func (g Group) Query(columns []tables.Column, limit int) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	order := kusto.Format("order by ? asc", kusto.Name(tables.TimestampColumn))
	if g.Items[0].Kind == Device {
		order = kusto.Format("order by ? desc", kusto.Name(tables.TimestampColumn))
	}
	var ids []string
	var clauses []kusto.Fragment
	for _, id := range g.devices() {
		ids = append(ids, id)
		clauses = append(clauses, g.clause(id, names))
	}
	return kusto.Join("\n| ",
		kusto.Name(g.Table.Schema.Name),
		kusto.Format("where ? and ? in (?)", between(tables.TimestampColumn, g.From, g.To), kusto.Name(deviceID), kusto.Strings(ids...)),
		kusto.Format("where ?", kusto.Join("\n    or ", clauses...)),
		kusto.Format("project ?", kusto.Names(names...)),
		order,
		kusto.Format("take ?", kusto.Int(limit)),
	).String()
}

// devices are those of the tasks, in order.
func (g Group) devices() []string {
	var ids []string
	for _, item := range g.Items {
		ids = append(ids, item.Device)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// clause is true of the rows of a device that its tasks may find.
func (g Group) clause(id string, has []string) kusto.Fragment {
	c := conditions{values: map[string][]string{}}
	for _, item := range g.Items {
		if item.Device == id {
			c.take(item, g.Table, has)
		}
	}
	device := kusto.Format("? == ? and ?", kusto.Name(deviceID), kusto.String(id), between(tables.TimestampColumn, c.from, c.to))
	if c.all {
		return kusto.Format("(?)", device)
	}
	return kusto.Format("(? and (?))", device, c.any())
}

// conditions are what the tasks of one device ask for.
type conditions struct {
	from, to  time.Time
	all       bool // everything on the device
	processes map[string]*processes
	values    map[string][]string // by column
}

// processes are those whose id stands in one column.
type processes struct {
	created  string // the column of their times
	ids      []int
	from, to time.Time
}

// take adds a task.
func (c *conditions) take(item Item, table *tables.Table, has []string) {
	if c.from.IsZero() || item.From.Before(c.from) {
		c.from = item.From
	}
	c.to = later(c.to, item.To)
	if item.Kind == Device {
		c.all = true
		return
	}
	for _, column := range columnsOf(item.Kind, table) {
		if !slices.Contains(has, column) {
			continue
		}
		switch column {
		case processID, initiatingID:
			c.process(column, item.Task)
		default:
			c.values[column] = append(c.values[column], spellings(item.Task, column)...)
		}
	}
}

func (c *conditions) process(column string, t Task) {
	if c.processes == nil {
		c.processes = map[string]*processes{}
	}
	from, to := t.Created.Add(-t.tolerance()), t.Created.Add(t.tolerance())
	p := c.processes[column]
	if p == nil {
		created := processCreated
		if column == initiatingID {
			created = initiatingCreated
		}
		p = &processes{created: created, from: from, to: to}
		c.processes[column] = p
	}
	p.ids, p.from, p.to = append(p.ids, int(t.ID)), earlier(p.from, from), later(p.to, to)
}

// spellings are how a value may stand in a column.
func spellings(t Task, column string) []string {
	switch {
	case t.Kind == File && len(t.Value) == 40 != (column == "SHA1" || column == "InitiatingProcessSHA1"):
		return nil
	case t.Kind == Address && !isIPv6(t.Value):
		return []string{t.Value, "::ffff:" + t.Value}
	}
	return []string{t.Value}
}

// any is true of rows that one of the conditions is true of.
func (c *conditions) any() kusto.Fragment {
	var list []kusto.Fragment
	for _, column := range []string{processID, initiatingID} {
		if p := c.processes[column]; p != nil {
			slices.Sort(p.ids)
			var ids []kusto.Fragment
			for _, id := range slices.Compact(p.ids) {
				ids = append(ids, kusto.Int(id))
			}
			list = append(list, kusto.Format("? in (?) and ?", kusto.Name(column), kusto.Join(", ", ids...), between(p.created, p.from, p.to)))
		}
	}
	for _, column := range matched {
		values := c.values[column]
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		values = slices.Compact(values)
		if column == "RemoteUrl" {
			list = append(list, kusto.Format("? has_any (?)", kusto.Name(column), kusto.Strings(values...)))
			continue
		}
		list = append(list, kusto.Format("? in~ (?)", kusto.Name(column), kusto.Strings(values...)))
	}
	if len(list) == 0 {
		return kusto.Text("false")
	}
	return kusto.Join(" or ", list...)
}

func between(column string, from, to time.Time) kusto.Fragment {
	return kusto.Format("? between (? .. ?)", kusto.Name(column), kusto.DateTime(from), kusto.DateTime(to))
}
