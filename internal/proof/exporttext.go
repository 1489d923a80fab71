package proof

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// exportColumns are the columns of a report's table of containers.
var exportColumns = []string{
	"CONTAINER OF", "BLOBS", "DELETED", "BYTES READ", "UNREAD", "LOST", "ROWS READ", "DELIVERED", "REPEATED", "REFUSED, KEPT", "REFUSED, LOST", "BROKEN", "AS OF",
}

// Text is the report for a terminal.
func (r *ExportReport) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: report of %s (a day of UTC, of the blobs' names)\nAccount %s. Made at %s%s.\n\n", r.Receiver, r.Day, r.AccountURL, instant(r.Made), r.maker())
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	writeRow(w, exportColumns)
	for _, e := range r.Containers {
		writeRow(w, e.cells())
	}
	_ = w.Flush() // a strings.Builder takes everything
	for _, section := range r.sections() {
		fmt.Fprintf(&b, "\n%s:\n", section.title)
		for _, line := range section.lines {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", r.conclusion())
	return b.String()
}

// Markdown is the report as a document.
func (r *ExportReport) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: report of %s\n\nDay of UTC, of the blobs' names. Account `%s`. Made at %s%s.\n\n**%s**\n\n",
		escape(r.Receiver), r.Day, r.AccountURL, instant(r.Made), escape(r.maker()), escape(r.conclusion()))
	fmt.Fprintf(&b, "| %s |\n|---|%s---|\n", strings.ToLower(strings.Join(exportColumns, " | ")), strings.Repeat("---:|", len(exportColumns)-2))
	for _, e := range r.Containers {
		cells := e.cells()
		for i, cell := range cells {
			cells[i] = escape(cell)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	for _, section := range r.sections() {
		fmt.Fprintf(&b, "\n## %s\n\n", escape(section.title))
		for _, line := range section.lines {
			fmt.Fprintf(&b, "- %s\n", escape(line))
		}
	}
	return b.String()
}

// maker is the end of a sentence about when the report was made.
func (r *ExportReport) maker() string {
	if r.Worker == "" {
		return ""
	}
	return ", on worker " + r.Worker
}

func (e Exported) cells() []string {
	cells := []string{e.Table, strconv.Itoa(e.Blobs), strconv.Itoa(e.BlobsDeleted)}
	for _, n := range []int64{e.Bytes.Read, e.Bytes.Unread, e.Bytes.Lost} {
		cells = append(cells, strconv.FormatInt(n, 10))
	}
	for _, n := range []int{e.Rows.Read, e.Rows.Delivered, e.Rows.Repeated, e.Rows.RefusedKept, e.Rows.RefusedLost, e.Rows.Broken} {
		cells = append(cells, strconv.Itoa(n))
	}
	if e.Listed.IsZero() {
		return append(cells, "never listed")
	}
	return append(cells, instant(e.Listed))
}

// sections are the lists that are not empty.
func (r *ExportReport) sections() []section {
	var unread, lost, notYet, passed, earlier []string
	if !r.isFound() {
		notYet = append(notYet, "the containers of the account: "+lastAt(r.Listed))
	}
	for _, e := range r.Containers {
		for _, blob := range e.Unread {
			unread = append(unread, fmt.Sprintf("%s: %s, %d of %d bytes", e.Table, blob.Name, blob.Unread, blob.Length))
		}
		if e.Bytes.Lost > 0 {
			lost = append(lost, fmt.Sprintf("%s: %d bytes", e.Table, e.Bytes.Lost))
		}
		if e.Listed.Before(r.closed()) {
			notYet = append(notYet, e.Table+": "+lastAt(e.Listed))
		}
		if e.Bytes.Passed > 0 {
			passed = append(passed, fmt.Sprintf("%s: %d bytes", e.Table, e.Bytes.Passed))
		}
		if e.Bytes.Earlier > 0 {
			earlier = append(earlier, fmt.Sprintf("%s: %d bytes", e.Table, e.Bytes.Earlier))
		}
	}
	var sections []section
	for _, s := range []section{
		{"Deleted before they were read", lost},
		{"Unread as of the last list", unread},
		{"Not listed since an hour after the day", notYet},
		{"Read or passed over by a release that did not count rows", earlier},
		{"Passed over: there before the receiver's first start", passed},
	} {
		if len(s.lines) > 0 {
			sections = append(sections, s)
		}
	}
	return sections
}

// lastAt is when something was listed last.
func lastAt(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return "last at " + instant(at)
}

// conclusion is the verdict in words. It says no more than what is known: the lengths that blobs had at a time.
func (r *ExportReport) conclusion() string {
	switch r.Verdict() {
	case Undelivered:
		return "Not all that the account had was delivered: see lost, and refused, lost."
	case Delivered:
		return "Each blob of the day that the account had for this receiver was read up to its length as of " + instant(r.asOf()) +
			". Every line read was delivered, is kept in the dead letters, or repeated one that was handed on. Blobs can grow later. Nobody counts what the export left out, or what was deleted before a list has shown it."
	default:
		if !r.isSeen() {
			return "Not all of the day is known to be read: no blob of it is known."
		}
		return "Not all of the day is known to be read."
	}
}
