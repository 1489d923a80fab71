package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
)

// life is one run of a collector, with raw files of its own.
type life struct {
	start   progress // what the lives before had stored
	rows    []rawRow
	broken  int
	died    time.Time
	repeats int // rows that a life before had delivered
	most    int // rows of lives before that start did not cover: so many repeats there may be
}

// history is the lives of collectors that ran one after the other on the same storage.
type history struct {
	s     *stage
	lives []*life
}

// begin makes ready for the next life.
func (h *history) begin() {
	h.s.raw = filepath.Join(h.s.directory, fmt.Sprintf("raw-life%02d.jsonl", len(h.lives)))
	l := &life{start: h.s.progress()}
	delivered := map[string]bool{}
	for _, r := range h.rows() {
		if !delivered[r.uid] && !l.start.covers(r) {
			l.most++
		}
		delivered[r.uid] = true
	}
	h.lives = append(h.lives, l)
}

// end reads what the life has delivered, and holds it against what was delivered and stored before it.
func (h *history) end() {
	h.s.t.Helper()
	l := h.lives[len(h.lives)-1]
	l.died = time.Now()
	l.rows, l.broken = readRaw(h.s.t, h.s.raw)
	l.rows = eventRows(l.rows)
	before := times(h.before(l))
	for _, r := range l.rows {
		if before[r.uid] > 0 {
			l.repeats++
		}
		assert.False(h.s.t, l.start.covers(r), "life %d delivered again what a cursor of %s covered: %s, arrived %s",
			len(h.lives)-1, l.start.completeUntil[r.table], h.s.key(r), r.arrived)
	}
	assert.Empty(h.s.t, repeated(l.rows), "rows that came twice in life %d", len(h.lives)-1)
	assert.LessOrEqual(h.s.t, l.repeats, l.most)
}

// rows are those of all lives, in their order.
func (h *history) rows() []rawRow { return h.before(nil) }

// before are the rows of the lives before l.
func (h *history) before(l *life) (rows []rawRow) {
	for _, earlier := range h.lives {
		if earlier == l {
			break
		}
		rows = append(rows, earlier.rows...)
	}
	return rows
}

// events checks that no event came more often than there were lives that began without knowing of its row.
func (h *history) events(events []totalEvent) {
	h.s.t.Helper()
	rows, n, lines := map[string]rawRow{}, map[string]int{}, map[string]string{}
	for _, r := range h.rows() {
		rows[r.uid] = r
	}
	for _, event := range events {
		if n[event.ID]++; n[event.ID] > 1 {
			assert.True(h.s.t, sameEvent(h.s.t, lines[event.ID], event.line), "an event that comes again is the same:\n%s\n%s", lines[event.ID], event.line)
		}
		lines[event.ID] = event.line
	}
	for id, times := range n {
		ignorant := 0
		for _, l := range h.lives {
			if r, ok := rows[id]; ok && !l.start.covers(r) {
				ignorant++
			}
		}
		assert.LessOrEqual(h.s.t, times, ignorant, "how often the event %s came", id)
	}
}

// moved counts the lives that left more behind than they had found, of those that delivered at all.
func (h *history) moved() (moved, delivering int) {
	for i, l := range h.lives[:len(h.lives)-1] {
		if len(l.rows) == 0 {
			continue
		}
		delivering++
		for table, until := range h.lives[i+1].start.completeUntil {
			if until.After(l.start.completeUntil[table]) {
				moved++
				break
			}
		}
	}
	return moved, delivering
}

// unstored is the greatest age that a row had, when its collector died, whose delivery was not stored.
func (h *history) unstored() (oldest time.Duration) {
	for i, l := range h.lives[:len(h.lives)-1] {
		for _, r := range l.rows {
			if !h.lives[i+1].start.covers(r) {
				oldest = max(oldest, l.died.Sub(r.observed))
			}
		}
	}
	return oldest
}

// report shows each life as rows/repeats<=most.
func (h *history) report() {
	h.s.t.Helper()
	var lives []string
	rows, repeats, broken := 0, 0, 0
	for _, l := range h.lives {
		lives = append(lives, fmt.Sprintf("%d/%d<=%d", len(l.rows), l.repeats, l.most))
		rows, repeats, broken = rows+len(l.rows), repeats+l.repeats, broken+l.broken
	}
	moved, delivering := h.moved()
	h.s.t.Logf("%d lives, %d of them delivered, %d stored more than before; rows: %d, repeated: %d, broken lines: %d, oldest row not stored: %s",
		len(lives), delivering, moved, rows, repeats, broken, h.unstored().Round(time.Millisecond))
	for group := range slices.Chunk(lives, 10) {
		h.s.t.Log("rows/repeated<=allowed: " + strings.Join(group, " "))
	}
}
