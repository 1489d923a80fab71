package book

import "time"

// Day is what is stored of a day's blobs. It is one value, so what is counted fits to the places.
type Day struct {
	Places map[string]Place `json:"blobs"`
	// Lengths are those that the blobs had when they were heard of last, where their places say others.
	Lengths map[string]Length `json:"lengths,omitempty"`
	// Counts are nil in what an earlier release has stored.
	Counts *Counts `json:"counts,omitempty"`
}

// Unread are the blobs of a day that are not read to their end, and how much of each is unread.
func (d Day) Unread() map[string]int64 {
	found := map[string]int64{}
	for name, length := range d.Lengths {
		if n := unread(d.Places[name], length); n > 0 {
			found[name] = n
		}
	}
	for name, place := range d.Places {
		if _, known := d.Lengths[name]; !known && place.Seen > place.Offset {
			found[name] = place.Seen - place.Offset
		}
	}
	return found
}

// Sizes are how long the blobs of a day are.
func (d Day) Sizes() map[string]int64 {
	sizes := map[string]int64{}
	for name, place := range d.Places {
		sizes[name] = place.Seen
	}
	for name, length := range d.Lengths {
		sizes[name] = length.Size
	}
	return sizes
}

// Rows are what lines gave, by what became of them.
type Rows struct {
	Delivered   int `json:"delivered,omitempty"`
	Repeated    int `json:"repeated,omitempty"`     // handed on before, and left out
	RefusedKept int `json:"refused_kept,omitempty"` // for good; they are in the dead letters
	RefusedLost int `json:"refused_lost,omitempty"` // for good, while there was no place for dead letters
	// Broken are those of the delivered and refused ones that are no rows but texts.
	Broken int `json:"broken,omitempty"`
}

// Add adds others.
func (r *Rows) Add(o Rows) {
	r.Delivered += o.Delivered
	r.Repeated += o.Repeated
	r.RefusedKept += o.RefusedKept
	r.RefusedLost += o.RefusedLost
	r.Broken += o.Broken
}

// Counts are what was read of the blobs of a day. Each byte of them is in one of the bytes, as far as it is done with.
type Counts struct {
	Rows
	Read int64 `json:"read,omitempty"` // bytes of lines that were handed on
	// Passed are bytes from before the first start, which were not to be read.
	Passed int64 `json:"passed,omitempty"`
	// Earlier are bytes that a release has read which did not count.
	Earlier int64 `json:"earlier,omitempty"`
	Lost    int64 `json:"lost,omitempty"` // bytes that were deleted before they were read
	Deleted int   `json:"deleted,omitempty"`
	// Last is when a place was moved last.
	Last time.Time `json:"last,omitzero"`
}

// Add adds others.
func (c *Counts) Add(o Counts) {
	c.Rows.Add(o.Rows)
	c.Read += o.Read
	c.Passed += o.Passed
	c.Earlier += o.Earlier
	c.Lost += o.Lost
	c.Deleted += o.Deleted
	if o.Last.After(c.Last) {
		c.Last = o.Last
	}
}

// Taken is what was handed on of a part of a blob.
type Taken struct {
	Rows
	Bytes int64
}

// counts are those of days.
type counts map[string]*Counts

// of makes those of a day where they are not there yet.
func (all counts) of(day string) *Counts {
	c, ok := all[day]
	if !ok {
		c = &Counts{}
		all[day] = c
	}
	return c
}
