package defendersim

import (
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

// judge watches the client: what it called, whether it waited when told to, what it read twice.
type judge struct {
	mu         sync.Mutex // guards everything below
	calls      map[callKey]int64
	throttled  int64
	early      int64
	bytesSent  int64
	tables     map[string]*tableRecord
	passedOver []string

	huntingThrottle, usersThrottle *throttle
}

// throttle is a Retry-After that runs. Graph's directory has its own.
type throttle struct {
	until time.Time
	at    time.Time // when until was told
}

type callKey struct{ path, outcome string }

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

func newJudge() *judge {
	return &judge{calls: map[callKey]int64{}, tables: map[string]*tableRecord{}, huntingThrottle: &throttle{}, usersThrottle: &throttle{}}
}

// call counts an answered call.
func (j *judge) call(path, outcome string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls[callKey{path, outcome}]++
}

// arrived notes a call, which comes too early if an earlier answer's Retry-After still runs
// and its client can have read that answer.
func (j *judge) arrived(limit *throttle, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if now.Before(limit.until) && !now.Before(limit.at.Add(inFlightGrace)) {
		j.early++
	}
}

// refused notes an answer that tells the client to wait.
func (j *judge) refused(limit *throttle, e *apiError, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e.status == http.StatusTooManyRequests {
		j.throttled++
	}
	if until := now.Add(e.retryAfter); e.retryAfter > 0 && until.After(limit.until) {
		limit.until, limit.at = until, now
	}
}

// passOver notes rows of a file that were not taken.
func (j *judge) passOver(note string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.passedOver = append(j.passedOver, note)
}

// read notes a result that was sent to its end.
func (j *judge) read(names []string, scans []scan, r *result) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bytesSent += int64(r.bytes)
	t := j.table(strings.Join(names, "+"))
	t.Queries++
	t.RowsScanned += r.scanned
	t.RowsReturned += r.rows - r.made
	if !r.identified {
		t.RowsOfCounts += r.rows
		return
	}
	for _, id := range r.identities {
		t.see(id)
	}
	if len(names) == 1 && !r.cut {
		for _, s := range scans {
			t.seeWindow(s.bounds)
		}
	}
}

// readUsers notes a page of Graph's users that was sent to its end.
func (j *judge) readUsers(users, size int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bytesSent += int64(size)
	t := j.table(usersTable)
	t.Queries++
	t.RowsReturned += int64(users)
}

// table is the record under a label. The caller holds j.mu.
func (j *judge) table(label string) *tableRecord {
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

var rowLimit = regexp.MustCompile(`(?i)\b(?:take|limit|top)\s+(\d+)`)

// cutShort reports whether a result of so many rows is all that its query asked for or the service
// gives, so that rows of its window may be left.
func cutShort(text string, rows int64, maxRows int) bool {
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
	kind, w := byIngestionTime, openIfZero(b.IngestionTime)
	if w == openIfZero(engine.Range{}) {
		kind, w = byTimestamp, openIfZero(b.Timestamp)
	}
	if w == openIfZero(engine.Range{}) {
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
