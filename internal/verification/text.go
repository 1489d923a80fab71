package verification

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
)

// Text is the report as a person reads it: the tables, what is wrong by name, and the verdict as the last line.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s from %s to %s, against %s\n\n", r.Receiver, r.From.Format(time.RFC3339Nano), r.To.Format(time.RFC3339Nano), r.Against)
	r.writeTables(&b)
	fmt.Fprintf(&b, "\nthe destination holds %d events; outside the period %d, of others %d\n", r.Destination.Events, r.Outside, r.OfOthers)
	for _, note := range r.Destination.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	if r.Destination.Unreadable > 0 {
		fmt.Fprintf(&b, "\nunreadable at the destination: %d\n", r.Destination.Unreadable)
		for _, example := range r.Destination.Examples {
			fmt.Fprintf(&b, "    %s\n", example)
		}
	}
	for _, list := range []struct {
		title string
		*comparison.List
	}{
		{"absent: the destination does not hold them", &r.Absent},
		{"altered: the destination holds them with other content", &r.Altered},
		{"repeated: the destination holds them more than once", &r.Repeated},
		{"unexpected: the destination holds them, and the source does not", &r.Unexpected},
		{"superseded: older states of alerts, which the source no longer shows", &r.Superseded},
		{"attributed otherwise: of another person than today, by what the directories know", &r.Attributed},
		{"undecided: absent, or dropped when nobody was known to be logged on", &r.Undecided},
		{"not due: absent, and arrived too lately to be missed, or before the collector's first start", &r.NotDue},
	} {
		writeList(&b, list.title, list.List)
	}
	fmt.Fprintf(&b, "\n%s\n", r.verdict())
	return b.String()
}

func (r *Report) writeTables(b *strings.Builder) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = io.WriteString(w, "table\trows\tdropped\texpected\tpresent\tabsent\taltered\trepeated\tattributed\tundecided\tnot due\t\n")
	line := func(name string, c comparison.Counts) {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, c.Rows, c.Dropped, c.Expected, c.Present, c.Absent,
			c.Altered, c.Repeated, c.Attributed, c.Undecided, c.NotDue)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Tables)) {
		line(name, r.Tables[name])
	}
	line("all", r.Total)
	_ = w.Flush() // a strings.Builder takes everything
}

func writeList(b *strings.Builder, title string, list *comparison.List) {
	if list.Count == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s: %d\n", title, list.Count)
	for _, e := range list.Events {
		name := e.Table
		if name == "" {
			name = e.Type
		}
		when := "-"
		if !e.Time.IsZero() {
			when = e.Time.Format(time.RFC3339Nano)
		}
		fmt.Fprintf(b, "    %s  %s  %s", e.ID, name, when)
		if e.Copies > 1 {
			fmt.Fprintf(b, "  %d copies", e.Copies)
		}
		if len(e.Places) > 0 {
			fmt.Fprintf(b, "  %s", strings.Join(e.Places, " "))
		}
		b.WriteString("\n")
	}
	if more := list.Count - int64(len(list.Events)); more > 0 {
		fmt.Fprintf(b, "    and %d more\n", more)
	}
}

// verdict is the last line.
func (r *Report) verdict() string {
	t := r.Total
	beside := fmt.Sprintf("repeated: %d; unexpected: %d; not due: %d", t.Repeated, r.Unexpected.Count, t.NotDue)
	switch r.Verdict {
	case comparison.Deviating:
		return fmt.Sprintf("events are absent or altered: absent: %d; altered: %d; %s", t.Absent, t.Altered, beside)
	case comparison.Unjudged:
		return fmt.Sprintf("it cannot be judged whether events are absent: undecided: %d; %s", t.Undecided, beside)
	default:
		return fmt.Sprintf("all events are present and unaltered: %d; %s", t.Present, beside)
	}
}
