package journal

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

// Lane names what is counted together: the rows of a table that one lane reads along one time.
type Lane struct {
	Table     string `json:"table"`
	Name      string `json:"lane,omitempty"` // empty: the live lane
	TimeBasis string `json:"time_basis"`
}

// key names the lane in the storage.
func (l Lane) key() string {
	name := l.Name
	if name == "" {
		name = "live"
	}
	return l.Table + "/" + name + "/" + l.TimeBasis
}

// Audit is a complete audit.
type Audit struct {
	Lane Lane
	// From and To are what was counted.
	From, To time.Time
	// Begin and End are what the lane reads at all. A zero End is none.
	Begin, End time.Time
	// Ended is when the audit was complete.
	Ended time.Time
	// Bins has what was found in each bin, by the bins in which the service counts rows.
	Bins map[ledger.Bin]Tally
	// Kept: what the pipeline refuses for good is kept in the dead letters.
	Kept bool
}

// span is a range of time.
type span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func (s span) isEmpty() bool { return !s.From.Before(s.To) }

// within is the part of s that lies in another span.
func (s span) within(o span) span {
	if s.From.Before(o.From) {
		s.From = o.From
	}
	if o.To.Before(s.To) {
		s.To = o.To
	}
	return s
}

func (s span) contains(o span) bool { return !o.From.Before(s.From) && !s.To.Before(o.To) }

// part is what is known of a lane's day.
type part struct {
	Version   int         `json:"version"`
	Day       proof.Day   `json:"day"`
	Lane      Lane        `json:"lane"`
	Begin     time.Time   `json:"begin"`
	End       time.Time   `json:"end,omitzero"`
	Audits    int         `json:"audits"`
	LastAudit time.Time   `json:"last_audit"`
	Covered   []span      `json:"covered"` // in order, apart from each other
	Left      *proof.Left `json:"left,omitempty"`
	Bins      []byte      `json:"bins"`
}

func newPart(day proof.Day, lane Lane) *part { return &part{Version: version, Day: day, Lane: lane} }

func decodePart(data []byte) (*part, error) {
	p := &part{}
	if err := json.Unmarshal(data, p); err != nil {
		return nil, err
	}
	return p, checkVersion(p.Version)
}

// apply takes an audit's findings.
func (p *part) apply(a Audit) error {
	known, err := decodeBins(p.Bins)
	if err != nil {
		return err
	}
	day := span{p.Day.Start(), p.Day.End()}
	counted := span{a.From.UTC(), a.To.UTC()}.within(day)
	for place := range binsOfDay {
		bin := ledger.BinOf(day.From) + ledger.Bin(place)
		whole := span{bin.Start(), bin.End()}
		now := counted.within(whole)
		if now.isEmpty() {
			continue
		}
		before, apart := p.coveredOf(whole, now)
		switch {
		case apart:
			known[place] = plus(known[place], renew(proof.Counts{}, a.Bins[bin], a.Kept))
		case now.contains(before):
			known[place] = renew(known[place], a.Bins[bin], a.Kept)
		default:
			// More is known of the bin than this audit has counted. What it recovered is counted by the next one.
			continue
		}
		p.cover(now)
	}
	p.Bins = known.encode()
	p.Audits++
	p.LastAudit = a.Ended.UTC()
	if p.Begin.IsZero() || a.Begin.Before(p.Begin) {
		p.Begin = a.Begin.UTC()
	}
	if !a.End.IsZero() {
		p.End = a.End.UTC()
	}
	return nil
}

// Recall is a range that had been set aside, and was read or given up.
type Recall struct {
	Lane     Lane
	From, To time.Time
	Ended    time.Time
	// Bins has the rows of it that were recovered or refused, by bin.
	Bins map[ledger.Bin]Tally
	// Gone: the service does not keep the range any more. What was not read of it is missing.
	Gone bool
	// Kept: what the pipeline refuses for good is kept in the dead letters.
	Kept bool
}

// recall takes rows out of those that were set aside. Rows that no audit has counted are not among them: the next audit
// counts them.
func (p *part) recall(r Recall) error {
	known, err := decodeBins(p.Bins)
	if err != nil {
		return err
	}
	first := ledger.BinOf(p.Day.Start())
	for place, c := range known {
		bin := first + ledger.Bin(place)
		if !bin.Start().Before(r.To) || !r.From.Before(bin.End()) {
			continue
		}
		recovered := min(c.SetAside, r.Bins[bin].Recovered)
		refused := min(c.SetAside-recovered, r.Bins[bin].Refused)
		c.SetAside -= recovered + refused
		c.Recovered += recovered
		if r.Kept {
			c.RefusedKept += refused
		} else {
			c.RefusedLost += refused
		}
		if r.Gone {
			c.Missing, c.SetAside = c.Missing+c.SetAside, 0
		}
		known[place] = c
	}
	p.Bins = known.encode()
	return nil
}

// coveredOf is what was counted before of a bin. apart says that none of it is counted now, so that both add up.
func (p *part) coveredOf(bin, now span) (before span, apart bool) {
	apart = true
	for _, c := range p.Covered {
		c = c.within(bin)
		if c.isEmpty() {
			continue
		}
		if before.isEmpty() {
			before = c
		}
		before.To = c.To
		apart = apart && c.within(now).isEmpty()
	}
	if before.isEmpty() {
		return now, true
	}
	return before, apart
}

// cover adds to what was counted.
func (p *part) cover(s span) {
	i, _ := slices.BinarySearchFunc(p.Covered, s.From, func(c span, at time.Time) int { return c.From.Compare(at) })
	p.Covered = slices.Insert(p.Covered, i, s)
	merged := p.Covered[:1]
	for _, c := range p.Covered[1:] {
		last := &merged[len(merged)-1]
		if last.To.Before(c.From) {
			merged = append(merged, c)
		} else if last.To.Before(c.To) {
			last.To = c.To
		}
	}
	p.Covered = merged
}

// gaps are the times of the day that were not counted. later says that the lane was counted on later days.
func (p *part) gaps(later bool) []proof.Gap {
	gaps := []proof.Gap{}
	add := func(s span, reason proof.GapReason) {
		if !s.isEmpty() {
			gaps = append(gaps, proof.Gap{From: s.From, To: s.To, Reason: reason})
		}
	}
	day := span{p.Day.Start(), p.Day.End()}
	own := day.within(span{p.Begin, day.To})
	if !p.End.IsZero() {
		own = own.within(span{day.From, p.End})
	}
	next := day.From
	missing := func(to time.Time, reason proof.GapReason) {
		s := span{next, to}
		add(s.within(span{day.From, own.From}), proof.OutsideLane)
		add(s.within(own), reason)
		add(s.within(span{own.To, day.To}), proof.OutsideLane)
	}
	for _, c := range p.Covered {
		missing(c.From, proof.NeverAudited)
		next = c.To
	}
	last := proof.NotYet
	if later {
		last = proof.NeverAudited
	}
	missing(day.To, last)
	return gaps
}

// report is the part as a report shows it.
func (p *part) report(later bool) (proof.Part, error) {
	known, err := decodeBins(p.Bins)
	if err != nil {
		return proof.Part{}, err
	}
	r := proof.Part{
		Lane: p.Lane.Name, TimeBasis: p.Lane.TimeBasis, Left: p.Left,
		Audits: p.Audits, LastAudit: p.LastAudit, NotAudited: p.gaps(later),
	}
	for _, counts := range known {
		r.Counts = plus(r.Counts, counts)
	}
	return r, nil
}
