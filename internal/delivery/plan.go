package delivery

import (
	"math/bits"
	"slices"
)

const (
	// sureAfter is how many refusals make a row a refused one: each of a call that nothing but this row can be to
	// blame for, and with something accepted in between.
	sureAfter = 3
	// triesWhole is how often a call is refused for the moment before it is split.
	triesWhole = 3
	// laterSamples is how many calls are tried in a round, beside the first, once it is known that nothing is accepted.
	laterSamples = 3
)

// plan decides what of a batch is offered next. Rows are offered in order. A call that is refused for good is split in
// halves, down to single rows, as long as something is accepted now and then. After a run of refusals only samples of
// the rest are tried; when they are refused too, the round ends, and the caller pauses before the next one.
type plan struct {
	spans []span // what is not settled yet, in order
	round int
	// descents and samples are how many refusals are left in this round, of calls in order and of samples.
	descents, samples int
	size              int // of the batch
	innocent          int // refused calls all of whose rows were accepted later
}

// span is a run of rows that is offered in one call.
type span struct {
	from, to int
	round    int // in which it was offered last
	sampled  int // the round in which a row of it was tried
	tries    int // refusals for the moment, those of the calls that it was part of included
	refusals []refusal
	suspect  bool // a single row that was refused for good on its own
	insist   bool // offer it at once: only that is missing to be sure
	insisted int  // how often it was
}

// refusal is one call that was refused for good.
type refusal struct {
	blame         *blame
	before, after seen // what had been accepted when the call began and when it ended
}

// blame is who can be to blame for a refusal.
type blame struct {
	left int // rows of the call that were not accepted since
	// size: the call was refused for its size, which may be that of no single row. It says nothing of the destination's mood.
	size bool
}

func newPlan(spans []span) *plan {
	p := &plan{spans: spans, round: 1}
	for _, s := range spans {
		p.size = max(p.size, s.to)
	}
	p.refill()
	return p
}

func (s span) len() int { return s.to - s.from }

// pending is the number of rows that are not settled.
func (p *plan) pending() int {
	rows := 0
	for _, s := range p.spans {
		rows += s.len()
	}
	return rows
}

// onlySuspects reports whether each row that is left was refused on its own.
func (p *plan) onlySuspects() bool {
	return !slices.ContainsFunc(p.spans, func(s span) bool { return !s.suspect })
}

// refill allows as many refusals as it takes to find one row.
func (p *plan) refill() {
	p.samples = bits.Len(uint(p.size))
	p.descents = p.samples + 12
}

// again begins another round, which is short: the rest follows once something is accepted.
func (p *plan) again() {
	p.round++
	p.descents, p.samples = 1, laterSamples
}

// asksAgain reports whether a suspect is to be offered again, because something was accepted since.
func (s span) asksAgain(now seen, others bool) bool {
	return s.suspect && now.newer(s.refusals[len(s.refusals)-1].after, others)
}

// next returns the span to be offered, or -1 at the end of the round.
func (p *plan) next(now seen, others bool) int {
	if i := slices.IndexFunc(p.spans, func(s span) bool { return s.insist }); i >= 0 {
		return i
	}
	for i, s := range p.spans {
		inOrder := s.round < p.round && p.descents > 0 && (!s.suspect || i == 0)
		if !inOrder && !s.asksAgain(now, others) {
			continue
		}
		if s.len() > 1 && p.isLast(i) {
			p.split(i)
		}
		return i
	}
	return p.sample()
}

// isLast reports whether a span is the last that can show something about suspects. It is offered in two calls then, for
// a suspect is to be refused after each of two that are accepted.
func (p *plan) isLast(i int) bool {
	return len(p.spans) > 1 && !slices.ContainsFunc(p.spans, func(s span) bool {
		return !s.suspect && s.from != p.spans[i].from
	})
}

// sample returns a single row of the span that was not tried for the longest time, and of several the longest span.
func (p *plan) sample() int {
	if p.samples <= 0 {
		return -1
	}
	chosen := -1
	for i, s := range p.spans {
		if s.round == p.round || s.sampled == p.round {
			continue
		}
		if chosen < 0 || p.before(s, p.spans[chosen]) {
			chosen = i
		}
	}
	if chosen < 0 {
		return -1
	}
	p.samples--
	if s := p.spans[chosen]; s.len() > 1 {
		first, rest := s, s
		first.to, rest.from, rest.sampled = s.from+1, s.from+1, p.round
		p.replace(chosen, first, rest)
	}
	return chosen
}

func (p *plan) before(a, b span) bool {
	tried := max(b.round, b.sampled) - max(a.round, a.sampled)
	return tried > 0 || tried == 0 && a.len() > b.len()
}

// replace puts other spans in the place of one. They share its past.
func (p *plan) replace(i int, spans ...span) {
	for j := range spans {
		spans[j].refusals = slices.Clip(spans[j].refusals)
	}
	p.spans = slices.Replace(p.spans, i, i+1, spans...)
}

// accepted settles a span. evidence: it says something about the destination.
func (p *plan) accepted(i int, evidence bool) span {
	s := p.spans[i]
	p.acquit(s, s.len())
	p.spans = slices.Delete(p.spans, i, i+1)
	if evidence {
		p.refill()
	}
	return s
}

// refused settles a single row. What it was that was refused is known now, so the search for more goes on.
func (p *plan) refused(i int) {
	p.spans = slices.Delete(p.spans, i, i+1)
	p.refill()
}

// refusedForGood takes a refusal down, and splits the span.
func (p *plan) refusedForGood(i int, before, after seen, size bool) {
	s := &p.spans[i]
	s.round = p.round
	s.refusals = append(slices.Clip(s.refusals), refusal{&blame{left: s.len(), size: size}, before, after})
	p.descents--
	if s.len() == 1 {
		s.suspect = true
		return
	}
	p.split(i)
}

// refusedForNow ends the round, unless the span was refused several times, or for its size: then it is split, so that
// what only one row is the cause of does not hold up all others.
func (p *plan) refusedForNow(i int, size bool) {
	s := &p.spans[i]
	s.tries++
	if size {
		s.tries = max(s.tries, triesWhole)
	}
	s.round, s.insist, s.insisted = p.round, false, 0
	if s.len() == 1 {
		p.descents--
		p.samples = min(p.samples, 1)
		return
	}
	if s.tries < triesWhole {
		p.descents, p.samples = 0, 0
		return
	}
	if s.tries == triesWhole {
		p.refill()
	}
	p.descents--
	p.split(i)
}

// split makes two spans of one. Neither has been offered in this round.
func (p *plan) split(i int) {
	left, right := p.spans[i], p.spans[i]
	left.to = left.from + left.len()/2
	right.from = left.to
	left.round, right.round = p.round-1, p.round-1
	p.replace(i, left, right)
}

// keep leaves of a span only the rows that failed, and returns the others, which were accepted.
func (p *plan) keep(i int, failed func(row int) bool) (accepted []int) {
	s := p.spans[i]
	var left []span
	for row := s.from; row < s.to; row++ {
		last := len(left) - 1
		switch {
		case !failed(row):
			accepted = append(accepted, row)
		case last >= 0 && left[last].to == row:
			left[last].to++
		default:
			part := s
			part.from, part.to, part.round = row, row+1, p.round
			left = append(left, part)
		}
	}
	p.acquit(s, len(accepted))
	p.replace(i, left...)
	return accepted
}

// acquit says that rows of a span were accepted: they were not to blame.
func (p *plan) acquit(s span, rows int) {
	for _, r := range s.refusals {
		if r.blame.left -= rows; r.blame.left == 0 && !r.blame.size {
			p.innocent++
		}
	}
}

// judge decides after a refusal for good whether a row is refused for what it is. When all else says so it is offered
// several times in a row: a balancer that sends every other call to a broken backend cannot refuse all of them.
func (p *plan) judge(i, after int, others bool, m *mood) bool {
	s := &p.spans[i]
	s.insist = false
	if !s.blamed(after, others) {
		return false
	}
	if s.insisted++; s.insisted < after || s.insisted < m.insist(after, p.open(i)) {
		s.insist = true
		return false
	}
	return true
}

// open is the number of refused calls of which it is not known who is to blame, without those of a single row.
func (p *plan) open(row int) int {
	calls := map[*blame]bool{}
	for i, s := range p.spans {
		if i == row {
			continue
		}
		for _, r := range s.refusals {
			if !r.blame.size {
				calls[r.blame] = true
			}
		}
	}
	return len(calls)
}

// blamed reports whether several calls were refused that nothing but this row can be to blame for, and between each
// two of them something was accepted.
func (s span) blamed(after int, others bool) bool {
	refusals, last := 0, seen{}
	for _, r := range s.refusals {
		if r.blame.left > 1 {
			continue
		}
		if refusals == 0 || r.before.newer(last, others) {
			refusals++
			last = r.after
		}
	}
	return refusals >= after
}
