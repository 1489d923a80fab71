package proof

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// columns are the columns of a report's table of rows.
var columns = []string{
	"TABLE", "BY", "COUNTED", "DELIVERED", "RECOVERED", "REFUSED, KEPT", "REFUSED, LOST", "MISSING", "SET ASIDE",
	"LEFT: SYSTEM", "LEFT: FILTER", "LAST AUDIT",
}

// Text is the report for a terminal.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: report of %s (a day of UTC)\nTenant %s. Made at %s%s.\n\n", r.Receiver, r.Day, r.TenantID, instant(r.Made), r.maker())
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	writeRow(w, columns)
	for _, row := range r.rows() {
		writeRow(w, row)
	}
	_ = w.Flush() // a strings.Builder takes everything
	for _, section := range r.sections() {
		fmt.Fprintf(&b, "\n%s:\n", section.title)
		for _, line := range section.lines {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	fmt.Fprintf(&b, "\n%s\n%s\n", r.journalLine(), r.conclusion())
	return b.String()
}

func writeRow(w *tabwriter.Writer, cells []string) {
	_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) // what it writes to takes everything
}

// Markdown is the report as a document.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: report of %s\n\nDay of UTC. Tenant `%s`. Made at %s%s.\n\n**%s**\n\n",
		escape(r.Receiver), r.Day, r.TenantID, instant(r.Made), escape(r.maker()), escape(r.conclusion()))
	titles := make([]string, len(columns))
	for i, title := range columns {
		titles[i] = strings.ToLower(title)
	}
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(titles, " | "), "---|---|"+strings.Repeat("---:|", len(columns)-3)+"---|")
	for _, row := range r.rows() {
		for i, cell := range row {
			row[i] = escape(cell)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	for _, section := range r.sections() {
		fmt.Fprintf(&b, "\n## %s\n\n", escape(section.title))
		for _, line := range section.lines {
			fmt.Fprintf(&b, "- %s\n", escape(line))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", escape(r.journalLine()))
	return b.String()
}

// escape keeps what Markdown and HTML would read as their own.
func escape(s string) string {
	return strings.NewReplacer("\\", `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "&", "&amp;", "[", `\[`, "\n", " ").Replace(s)
}

// rows are the cells of the table of rows.
func (r *Report) rows() [][]string {
	var rows [][]string
	for _, t := range r.Tables {
		if len(t.Parts) == 0 {
			rows = append(rows, append([]string{t.Name, "-"}, repeat("not known", len(columns)-3, "never audited")...))
		}
		for _, p := range t.Parts {
			row := []string{t.Name, p.by()}
			for _, n := range []int{p.Counted, p.Delivered, p.Recovered, p.RefusedKept, p.RefusedLost, p.Missing, p.SetAside} {
				row = append(row, strconv.Itoa(n))
			}
			rows = append(rows, append(row, p.Left.cells()...))
			last := &rows[len(rows)-1]
			*last = append(*last, p.lastAudit())
		}
	}
	return rows
}

// repeat is a row's cells of which all but the last are the same.
func repeat(cell string, n int, last string) []string {
	cells := make([]string, 0, n+1)
	for range n {
		cells = append(cells, cell)
	}
	return append(cells, last)
}

// by says which rows of the day a part has.
func (p Part) by() string {
	by := map[string]string{"ingestion_time": "arrival", "event_time": "event time", "last_update": "last update"}[p.TimeBasis]
	if by == "" {
		by = p.TimeBasis
	}
	if p.Lane != "" {
		by += ", " + p.Lane
	}
	return by
}

func (p Part) lastAudit() string {
	if p.LastAudit.IsZero() {
		return "never audited"
	}
	return instant(p.LastAudit)
}

func (l *Left) cells() []string {
	if l == nil {
		return []string{"not counted", "not counted"}
	}
	return []string{strconv.Itoa(l.System), strconv.Itoa(l.Filter)}
}

// section is a list under a title.
type section struct {
	title string
	lines []string
}

// sections are the lists that are not empty.
func (r *Report) sections() []section {
	var sections []section
	for _, s := range []section{
		{"Not known, because no complete audit has counted it", r.unknown()}, r.dropped(), {"The journal is not what was written", r.Journal.Problems},
	} {
		if len(s.lines) > 0 {
			sections = append(sections, s)
		}
	}
	return sections
}

func (r *Report) unknown() []string {
	var lines []string
	for _, t := range r.Tables {
		if len(t.Parts) == 0 {
			lines = append(lines, t.Name+": the whole day. It was never audited.")
		}
		for _, p := range t.Parts {
			for _, gap := range p.NotAudited {
				lines = append(lines, fmt.Sprintf("%s by %s: %s", t.Name, p.by(), gap))
			}
		}
	}
	return lines
}

// reasons are the words of a gap's reason.
var reasons = map[GapReason]string{
	OutsideLane:  "the table was not read by this lane then",
	NotYet:       "not audited yet",
	NeverAudited: "never audited",
}

func (g Gap) String() string {
	to := g.To.UTC().Format("15:04:05")
	if to == "00:00:00" {
		to = "24:00:00"
	}
	return fmt.Sprintf("%s to %s, %s", g.From.UTC().Format("15:04:05"), to, reasons[g.Reason])
}

func (r *Report) dropped() section {
	if r.Drops == nil {
		return section{}
	}
	s := section{title: "Dropped by processors, known since " + instant(r.Drops.Since)}
	for _, d := range r.Drops.Reasons {
		s.lines = append(s.lines, fmt.Sprintf("%s by %s, %s: %d", d.Table, d.Processor, d.Reason, d.Rows))
	}
	if len(s.lines) == 0 {
		s.lines = []string{"none"}
	}
	return s
}

func (r *Report) journalLine() string {
	if r.Journal.Head == "" {
		return "Journal: no complete audit was written yet."
	}
	state := "intact"
	if !r.Journal.Intact {
		state = "CHANGED"
	}
	return fmt.Sprintf("Journal: %s, %d entries, head %s", state, r.Journal.Entries, r.Journal.Head)
}

// conclusion is the verdict in words.
func (r *Report) conclusion() string {
	switch r.Verdict() {
	case Changed:
		return "The journal was changed, so this report proves nothing."
	case Undelivered:
		return "Rows that the service counts were not delivered: see missing, refused and lost, set aside."
	case Unknown:
		return "Not all of the day is known."
	default:
		return "Every row that the service counts was delivered or is kept in the dead letters."
	}
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
