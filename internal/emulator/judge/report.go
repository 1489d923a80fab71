package judge

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Report is what an emulator saw of its client.
type Report struct {
	Calls  []CallCount  `json:"calls"`
	Writes []WriteCount `json:"writes"`
	// Throttled are the 429s that were sent, RetriedTooEarly the hunting calls that came while a
	// Retry-After was still running.
	Throttled       int64         `json:"throttled"`
	RetriedTooEarly int64         `json:"retried_too_early"`
	CPU             time.Duration `json:"cpu_ns"`
	ResultBytes     int64         `json:"result_bytes"` // JSON before compression
	Tables          []TableReport `json:"tables"`
	PassedOver      []string      `json:"passed_over"` // what was not taken from row files
}

// CallCount counts calls of a path that ended alike.
type CallCount struct {
	Path    string `json:"path"`
	Outcome string `json:"outcome"` // a status, with what it was for where one status has several causes
	Count   int64  `json:"count"`
}

// WriteCount counts calls that would change objects of a list of the security API, whether or not they were accepted.
type WriteCount struct {
	List   string `json:"list"`
	Method string `json:"method"` // PATCH, or POST of a comment
	Count  int64  `json:"count"`
}

// TableReport is about the queries that read one table, or several at once (`AlertEvidence+AlertInfo`).
// Results that were cut off by a fault are in none of its figures.
type TableReport struct {
	Table        string `json:"table"`
	Queries      int64  `json:"queries"`
	RowsScanned  int64  `json:"rows_scanned"`
	RowsReturned int64  `json:"rows_returned"`
	RowsOfCounts int64  `json:"rows_of_counts"` // those returned rows that are no table's, but counts
	// RowsRepeated were returned before; the last million rows of a table at least are remembered.
	RowsRepeated int64 `json:"rows_repeated"`
	// OverlappingQueries asked for rows of a window that an earlier query covered in part. A result
	// that met a row limit covers no window, since the client has to go on within it.
	OverlappingQueries int64   `json:"overlapping_queries"`
	OverlapSeconds     float64 `json:"overlap_seconds"`
}

// Count is the number of calls of path with outcome; an empty argument means any.
func (r Report) Count(path, outcome string) int64 {
	var n int64
	for _, c := range r.Calls {
		if (path == "" || c.Path == path) && (outcome == "" || c.Outcome == outcome) {
			n += c.Count
		}
	}
	return n
}

// Written is the number of calls with a method that would change objects of a list; an empty argument means any.
func (r Report) Written(list, method string) int64 {
	var n int64
	for _, w := range r.Writes {
		if (list == "" || w.List == list) && (method == "" || w.Method == method) {
			n += w.Count
		}
	}
	return n
}

// Table returns the figures of a table; zero if it was never read.
func (r Report) Table(name string) TableReport {
	for _, t := range r.Tables {
		if t.Table == name {
			return t
		}
	}
	return TableReport{Table: name}
}

// String is the report for people.
func (r Report) String() string {
	var b, cells strings.Builder
	fmt.Fprintln(&cells, "path\toutcome\tcalls")
	for _, c := range r.Calls {
		fmt.Fprintf(&cells, "%s\t%s\t%d\n", c.Path, c.Outcome, c.Count)
	}
	for _, w := range r.Writes {
		fmt.Fprintf(&cells, "%s %s\twrites\t%d\n", w.Method, w.List, w.Count)
	}
	fmt.Fprintln(&cells, "\ntables\tqueries\trows scanned\trows returned\treturned before\toverlapping queries\toverlap")
	for _, t := range r.Tables {
		fmt.Fprintf(&cells, "%s\t%d\t%d\t%d\t%d\t%d\t%s\n", t.Table, t.Queries, t.RowsScanned, t.RowsReturned, t.RowsRepeated,
			t.OverlappingQueries, time.Duration(t.OverlapSeconds*float64(time.Second)).Round(time.Second))
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = io.WriteString(w, cells.String()) // a strings.Builder takes everything
	_ = w.Flush()
	fmt.Fprintf(&b, "\nthrottled (429): %d, calls before Retry-After was over: %d, CPU: %s, results: %.1f MB\n",
		r.Throttled, r.RetriedTooEarly, r.CPU.Round(time.Millisecond), float64(r.ResultBytes)/1e6)
	for _, note := range r.PassedOver {
		fmt.Fprintln(&b, "passed over:", note)
	}
	return b.String()
}

// ReturnedEvents is how many rows of tables of events were returned, some perhaps more than once.
func (r Report) ReturnedEvents() (rows int64) {
	for _, t := range r.Tables {
		if kind := tables.Named(t.Table).Kind; kind == tables.Events || kind == tables.Passed {
			rows += t.RowsReturned - t.RowsOfCounts
		}
	}
	return rows
}
