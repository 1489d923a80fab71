package proof

import (
	"cmp"
	"slices"
)

// AddDrops adds what one processor dropped. What is known of several processors is known since the last one's beginning.
func (r *Report) AddDrops(processor string, d Drops) {
	if r.Drops == nil {
		r.Drops = &Drops{Reasons: []Drop{}}
	}
	if d.Since.After(r.Drops.Since) {
		r.Drops.Since = d.Since
	}
	for _, drop := range d.Reasons {
		drop.Processor = processor
		r.Drops.Reasons = append(r.Drops.Reasons, drop)
	}
	slices.SortFunc(r.Drops.Reasons, func(a, b Drop) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Processor, b.Processor), cmp.Compare(a.Reason, b.Reason))
	})
}
