package book

import "time"

// Count is of executions, each as often as it has techniques.
type Count struct{ Executions, Correlated int }

// Rate is the share of those that were detected; 0 without executions.
func (c Count) Rate() float64 {
	if c.Executions == 0 {
		return 0
	}
	return float64(c.Correlated) / float64(c.Executions)
}

// Figures are the counts over the lookback.
type Figures struct {
	Total       Count
	ByTechnique map[string]Count
	// Pending are executions that have not settled, Excluded those that are left out.
	Pending, Excluded int
}

// Detected is how many techniques were detected at least once.
func (f Figures) Detected() int {
	n := 0
	for _, c := range f.ByTechnique {
		if c.Correlated > 0 {
			n++
		}
	}
	return n
}

// Figures counts.
func (b *Book) Figures(now time.Time) Figures {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refresh()
	f := Figures{ByTechnique: map[string]Count{}}
	for _, r := range b.runs {
		switch {
		case b.settings.outdatedExecution(now, &r.Execution):
		case b.settings.excluded(&r.Execution):
			f.Excluded++
		case !b.settings.settled(now, &r.Execution):
			f.Pending++
		default:
			f.add(r)
		}
	}
	return f
}

func (f *Figures) add(r *run) {
	for i, technique := range r.Techniques {
		c := f.ByTechnique[technique]
		c.Executions++
		f.Total.Executions++
		if r.outcome.Detected&(1<<i) != 0 {
			c.Correlated++
			f.Total.Correlated++
		}
		f.ByTechnique[technique] = c
	}
}
