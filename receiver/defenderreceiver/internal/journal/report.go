package journal

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// Report makes the report of a day, and checks the whole journal. tables are those of which it says that they were never
// audited if they were not.
func (j *Journal) Report(ctx context.Context, date proof.Day, tables []string, now time.Time) (*proof.Report, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	h, problem, err := j.readHead(ctx, []proof.Day{date})
	if err != nil {
		return nil, err
	}
	c := check{journal: j, head: h}
	c.problem("", problem)
	for _, b := range h.Breaks {
		c.problems = append(c.problems, b.String())
	}
	// A day that is not in the chain is looked for as well.
	dates := slices.Sorted(maps.Keys(h.Days))
	if _, listed := h.Days[date]; !listed {
		dates = append(dates, date)
	}
	var asked []*part
	later := map[string]bool{}
	for _, d := range dates {
		parts, err := c.day(ctx, d)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			if d == date {
				asked = append(asked, p)
			} else if d > date {
				later[p.Lane.key()] = true
			}
		}
	}
	r := &proof.Report{Version: proof.Version, TenantID: j.tenantID, Day: date, Made: now.UTC()}
	r.Tables = c.tables(asked, tables, later)
	r.Journal = proof.Journal{Head: h.Hash, Entries: h.Entries, Intact: len(c.problems) == 0, Problems: c.problems}
	return r, nil
}

// check collects what is wrong with a journal.
type check struct {
	journal  *Journal
	head     *head
	problems []string
}

func (c *check) problem(date proof.Day, what string) {
	if what != "" {
		c.problems = append(c.problems, Break{Day: date, What: what}.String())
	}
}

// day checks a day and returns its parts.
func (c *check) day(ctx context.Context, date proof.Day) ([]*part, error) {
	d, problem, err := c.journal.readDay(ctx, c.head, date)
	if err != nil {
		return nil, err
	}
	c.problem(date, problem)
	if d == nil {
		return nil, nil
	}
	if d.Day != date {
		c.problem(date, "the day was exchanged with "+string(d.Day))
		return nil, nil
	}
	var parts []*part
	for _, lane := range slices.Sorted(maps.Keys(d.Parts)) {
		p, problem, err := c.journal.readPart(ctx, d, lane)
		if err != nil {
			return nil, err
		}
		c.problem(date, problem)
		if p != nil {
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// tables puts parts in the order of the tables. later has the lanes that were counted on later days.
func (c *check) tables(parts []*part, names []string, later map[string]bool) []proof.Table {
	all := slices.Clone(names)
	for _, p := range parts {
		if !slices.Contains(all, p.Lane.Table) {
			all = append(all, p.Lane.Table)
		}
	}
	tables := []proof.Table{}
	for _, name := range all {
		table := proof.Table{Name: name, Parts: []proof.Part{}}
		for _, p := range parts {
			if p.Lane.Table != name {
				continue
			}
			reported, err := p.report(later[p.Lane.key()])
			if err != nil {
				c.problem(p.Day, "the entry of "+p.Lane.key()+": "+err.Error())
				continue
			}
			table.Parts = append(table.Parts, reported)
		}
		// The live lane comes first.
		slices.SortStableFunc(table.Parts, func(a, b proof.Part) int { return len(a.Lane) - len(b.Lane) })
		tables = append(tables, table)
	}
	return tables
}
