// Package judge watches what a client does with the emulator, and reports it: what it called, whether it waited when it
// was told to, what it read twice. Nothing of this is the service's: it is what a test, or whoever runs the emulator, wants
// to know of the client.
//
// It knows what was sent, not what arrived. Its memory is bounded, so a row that comes again after a million others of its
// table may count as new.
package judge

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

const (
	// rememberedRows bounds the memory of the search for rows that are returned again.
	rememberedRows = 1 << 20
	// rememberedWindows bounds that of the search for overlapping windows.
	rememberedWindows = 1 << 12
	// inFlightGrace is how long after a 429 calls may still come that were sent before it was read.
	inFlightGrace = time.Second
)

// Judge watches the client: what it called, whether it waited when told to, what it read twice.
type Judge struct {
	mu         sync.Mutex // guards everything below
	calls      map[callKey]int64
	writes     map[writeKey]int64
	throttled  int64
	early      int64
	bytesSent  int64
	tables     map[string]*tableRecord
	passedOver []string

	HuntingThrottle, UsersThrottle, SecurityThrottle *Throttle
}

// Throttle is a Retry-After that runs. Graph's directory and its security API have their own.
type Throttle struct {
	until time.Time
	at    time.Time // when until was told
}

type callKey struct{ path, outcome string }

type writeKey struct{ list, method string }

// tableRecord is what was read of one table, or of several in one query.
type tableRecord struct {
	TableReport
	// Rows seen lately: when current is full it becomes previous, so that memory stays bounded and
	// the newest rememberedRows at least are recognised.
	current, previous map[uint64]struct{}
	windows           map[windowKind][]engine.Range // sorted, apart from each other
}

// windowKind is the time by which a query cut its window.
type windowKind uint8

const (
	byIngestionTime windowKind = iota
	byTimestamp
)

// New returns a judge that has seen nothing.
func New() *Judge {
	return &Judge{calls: map[callKey]int64{}, writes: map[writeKey]int64{}, tables: map[string]*tableRecord{}, HuntingThrottle: &Throttle{}, UsersThrottle: &Throttle{}, SecurityThrottle: &Throttle{}}
}

// Call counts an answered call.
func (j *Judge) Call(path, outcome string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls[callKey{path, outcome}]++
}

// Write counts a call that would change an object of a list, whether or not it is accepted.
func (j *Judge) Write(list, method string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.writes[writeKey{list, method}]++
}

// Arrived notes a call, which comes too early if an earlier answer's Retry-After still runs
// and its client can have read that answer.
func (j *Judge) Arrived(limit *Throttle, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if now.Before(limit.until) && !now.Before(limit.at.Add(inFlightGrace)) {
		j.early++
	}
}

// Refused notes an answer of an error, which may tell the client to wait.
func (j *Judge) Refused(limit *Throttle, status int, retryAfter time.Duration, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if status == http.StatusTooManyRequests {
		j.throttled++
	}
	if until := now.Add(retryAfter); retryAfter > 0 && until.After(limit.until) {
		limit.until, limit.at = until, now
	}
}

// PassOver notes rows of a file that were not taken.
func (j *Judge) PassOver(note string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.passedOver = append(j.passedOver, note)
}

// Result is what a query's answer held.
type Result struct {
	Bytes      int
	Rows, Made int64 // Made are those of Rows that the query itself has made, as with print
	Scanned    int64
	Identified bool     // Identities tell rows of a table apart
	Identities []uint64 // one a row of a table
	Cut        bool     // its window may hold more rows, see CutShort
}

// Read notes a result that was sent to its end: which tables it was read of, and within which bounds.
func (j *Judge) Read(tables []string, scans []engine.Bounds, r *Result) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bytesSent += int64(r.Bytes)
	t := j.table(strings.Join(tables, "+"))
	t.Queries++
	t.RowsScanned += r.Scanned
	t.RowsReturned += r.Rows - r.Made
	if !r.Identified {
		t.RowsOfCounts += r.Rows
		return
	}
	for _, id := range r.Identities {
		t.see(id)
	}
	if len(tables) == 1 && !r.Cut {
		for _, bounds := range scans {
			t.seeWindow(bounds)
		}
	}
}

// ReadObjects notes a page of objects of Graph that was sent to its end.
func (j *Judge) ReadObjects(list string, objects, size int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bytesSent += int64(size)
	t := j.table(list)
	t.Queries++
	t.RowsReturned += int64(objects)
}

// table is the record under a label. The caller holds j.mu.
func (j *Judge) table(label string) *tableRecord {
	t := j.tables[label]
	if t == nil {
		t = &tableRecord{
			TableReport: TableReport{Table: label},
			current:     map[uint64]struct{}{}, windows: map[windowKind][]engine.Range{},
		}
		j.tables[label] = t
	}
	return t
}

func (t *tableRecord) see(id uint64) {
	_, inCurrent := t.current[id]
	if _, inPrevious := t.previous[id]; inCurrent || inPrevious {
		t.RowsRepeated++
	}
	if inCurrent {
		return
	}
	if len(t.current) >= rememberedRows {
		t.previous, t.current = t.current, map[uint64]struct{}{}
	}
	t.current[id] = struct{}{}
}

var rowLimit = regexp.MustCompile(`(?i)\b(?:take)\s+(\d+)`)

// CutShort reports whether a result of so many rows is all that its query asked for or the service
// gives, so that rows of its window may be left.
func CutShort(text string, rows int64, maxRows int) bool {
	if rows == int64(maxRows) {
		return true
	}
	for _, limit := range rowLimit.FindAllStringSubmatch(text, -1) {
		if limit[1] == strconv.FormatInt(rows, 10) {
			return true
		}
	}
	return false
}

// seeWindow compares a scan's window with the earlier ones. One instant in common is no overlap.
func (t *tableRecord) seeWindow(b engine.Bounds) {
	kind, w := byIngestionTime, b.IngestionTime.Open()
	if w == (engine.Range{}).Open() {
		kind, w = byTimestamp, b.Timestamp.Open()
	}
	if w == (engine.Range{}).Open() {
		return
	}
	w.To = min(w.To, b.AsOf)
	if w.From >= w.To {
		return
	}
	merged := make([]engine.Range, 0, len(t.windows[kind])+1)
	var overlap int64
	for _, old := range t.windows[kind] {
		switch common := min(old.To, w.To) - max(old.From, w.From); {
		case old.To < w.From || w.To < old.From:
			merged = append(merged, old)
		default:
			overlap += common
			w = engine.Range{From: min(old.From, w.From), To: max(old.To, w.To)}
		}
	}
	merged = append(merged, w)
	slices.SortFunc(merged, func(a, b engine.Range) int {
		if a.From < b.From {
			return -1
		}
		return 1
	})
	t.windows[kind] = merged[max(0, len(merged)-rememberedWindows):]
	if overlap > 0 {
		t.OverlappingQueries++
		t.OverlapSeconds += float64(overlap) / 1e7
	}
}

// Report is what was seen so far; cpu is what the queries have cost.
func (j *Judge) Report(cpu time.Duration) Report {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := Report{
		Throttled: j.throttled, RetriedTooEarly: j.early, CPU: cpu, ResultBytes: j.bytesSent,
		PassedOver: slices.Clone(j.passedOver),
	}
	for k, n := range j.calls {
		r.Calls = append(r.Calls, CallCount{Path: k.path, Outcome: k.outcome, Count: n})
	}
	slices.SortFunc(r.Calls, func(a, b CallCount) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Outcome, b.Outcome))
	})
	for k, n := range j.writes {
		r.Writes = append(r.Writes, WriteCount{List: k.list, Method: k.method, Count: n})
	}
	slices.SortFunc(r.Writes, func(a, b WriteCount) int {
		return cmp.Or(strings.Compare(a.List, b.List), strings.Compare(a.Method, b.Method))
	})
	for _, t := range j.tables {
		r.Tables = append(r.Tables, t.TableReport)
	}
	slices.SortFunc(r.Tables, func(a, b TableReport) int { return strings.Compare(a.Table, b.Table) })
	return r
}
