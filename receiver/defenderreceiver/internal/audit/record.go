package audit

import (
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

// Record is what the complete audits of a lane say now. It is safe for concurrent use.
type Record struct {
	began time.Time // when the receiver was made, on this machine's clock

	// mu guards everything below.
	mu    sync.Mutex
	ended time.Time // of the last complete audit, on this machine's clock; zero until there is one
	last  Findings
	short map[ledger.Bin]shortfall
}

// shortfall is what of a bin was not delivered.
type shortfall struct {
	missing, refused int
	since            time.Time // when rows of it were first found missing
}

// NewRecord is a record without an audit.
func NewRecord(now time.Time) *Record {
	return &Record{began: now, short: map[ledger.Bin]shortfall{}}
}

// Complete takes an audit's findings by bin. They replace what is known of the bins for which replaces is true.
// at is the service's time, ended this machine's. It returns the sum of the findings, and since when rows of them
// are missing.
func (r *Record) Complete(found map[ledger.Bin]Findings, replaces func(ledger.Bin) bool, at, ended time.Time) (Findings, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var sum Findings
	var oldest time.Time
	short := map[ledger.Bin]shortfall{}
	for bin, f := range found {
		sum.Add(f)
		if f.Missing == 0 && f.Refused == 0 {
			continue
		}
		s := shortfall{missing: f.Missing, refused: f.Refused}
		if f.Missing > 0 {
			if s.since = r.short[bin].since; s.since.IsZero() {
				s.since = at
			}
			if oldest.IsZero() || s.since.Before(oldest) {
				oldest = s.since
			}
		}
		short[bin] = s
	}
	for bin, s := range r.short {
		if _, again := found[bin]; !again && !replaces(bin) {
			short[bin] = s
		}
	}
	r.short, r.last, r.ended = short, sum, ended
	return sum, oldest
}

// View is a copy of what a Record says.
type View struct {
	// Since is when the last complete audit ended, or the receiver was made if there is none.
	Since time.Time
	// Audited reports whether there was a complete audit; Last is what it found.
	Audited bool
	Last    Findings
	// Missing and Refused are what is missing and refused of all that complete audits have looked at last.
	Missing, Refused int
}

// View returns what the record says now.
func (r *Record) View() View {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := View{Since: r.ended, Audited: !r.ended.IsZero(), Last: r.last}
	if !v.Audited {
		v.Since = r.began
	}
	for _, s := range r.short {
		v.Missing += s.missing
		v.Refused += s.refused
	}
	return v
}
