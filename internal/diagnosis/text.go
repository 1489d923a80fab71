package diagnosis

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// width is the longest line that WriteText writes, where words allow.
const width = 110

var groupTitles = map[Group]string{
	Connection: "Connection", Access: "Access", Tables: "Tables", Containers: "Containers",
}

// WriteText writes Text.
func (r *Result) WriteText(out io.Writer) error {
	_, err := io.WriteString(out, r.Text())
	return err
}

// Text is the result as a table for a terminal: one line a check, its remedy below it, a summary at the end.
func (r *Result) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "receivers::%s\n", r.Receiver)
	names, subjects := r.columns()
	group := Group("")
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Group != group {
			group = c.Group
			fmt.Fprintf(&b, "\n%s\n", groupTitles[group])
		}
		c.write(&b, names, subjects[c.Group])
	}
	r.writeSummary(&b)
	return b.String()
}

// columns are the widths of the names, and of the subjects of each group.
func (r *Result) columns() (names int, subjects map[Group]int) {
	subjects = map[Group]int{}
	for i := range r.Checks {
		c := &r.Checks[i]
		names = max(names, utf8.RuneCountInString(c.Name))
		subjects[c.Group] = max(subjects[c.Group], utf8.RuneCountInString(c.Subject))
	}
	return names, subjects
}

func (c *Check) write(b *strings.Builder, names, subjects int) {
	head := fmt.Sprintf("  %-5s  %-*s  ", c.mark(), names, c.Name)
	if subjects > 0 {
		head += fmt.Sprintf("%-*s  ", subjects, c.Subject)
	}
	indent := utf8.RuneCountInString(head)
	detail := c.Detail
	if spent := time.Duration(c.Duration).Round(time.Millisecond); spent > 0 {
		detail += fmt.Sprintf(" (%s)", spent)
	}
	writeWrapped(b, head, indent, detail)
	if c.Remedy != "" {
		writeWrapped(b, strings.Repeat(" ", indent)+"→ ", indent+2, c.Remedy)
	}
}

func (c *Check) mark() string {
	switch {
	case c.Severity == Fatal:
		return "FATAL"
	case c.Severity == Warning:
		return "warn"
	case c.Outcome == Skipped:
		return "-"
	}
	return "ok"
}

// writeWrapped writes a text after a head, broken at blanks; later lines are indented.
func writeWrapped(b *strings.Builder, head string, indent int, text string) {
	b.WriteString(head)
	at := indent
	for i, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+length > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += length
	}
	b.WriteByte('\n')
}

func (r *Result) writeSummary(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s   Took: %s\n", r.figures(), time.Duration(r.Duration).Round(time.Millisecond))
	switch r.Severity {
	case Fine:
		b.WriteString("The receiver can run: nothing is wrong.\n")
	case Warning:
		fmt.Fprintf(b, "The receiver can run, with gaps or delays; warnings: %d.\n", r.Count(Warning))
	default:
		fmt.Fprintf(b, "The receiver cannot run; fatal: %d; warnings: %d.\n", r.Count(Fatal), r.Count(Warning))
	}
}

// figures are what was counted, and what the test has cost.
func (r *Result) figures() string {
	if r.Export == nil {
		return fmt.Sprintf("Devices: %s   Events of the last %d h: %s   Queries spent: %d", count(r.Devices), r.RecentHours, count(r.RecentEvents), r.Queries)
	}
	newest := "not known"
	if r.Export.Newest != nil {
		newest = r.Export.Newest.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("Containers: %d   Blobs: %s   Bytes: %s   Newest rows written: %s   Requests: %d",
		r.Export.Containers, Number(r.Export.Blobs), Number(r.Export.Bytes), newest, r.Export.Requests)
}

func count(n *int64) string {
	if n == nil {
		return "not known"
	}
	return Number(*n)
}

// Number is a count with its digits in groups: 12,345.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
