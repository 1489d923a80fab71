package feed

import (
	"errors"
	"time"
)

// ErrOrder says that a list does not come in the order that was asked for.
var ErrOrder = errors.New("the service does not give the list in the order of its last updates")

// errLoop says that a list has no end.
var errLoop = errors.New("the service's link to the next page leads to the same page again")

// rounding is how much a printed time may lie below the bound of its request.
const rounding = time.Second

// Request is which page is asked for.
type Request struct {
	Link     string    // of the service; empty: the page that the fields below describe
	From, To time.Time // To is zero where the walk is open
	Top      int
	Ordered  bool
}

// Page is what is known of a page that was read.
type Page struct {
	Objects int
	// First and Last are the times of the first and the last object's update; Ascending says that none comes before an
	// earlier one.
	First, Last time.Time
	Ascending   bool
	Next        string // the service's link to the next page; empty: there is none
}

// Walk reads a list once, from a time on.
type Walk struct {
	next Request
	most int             // objects of a page
	seen map[string]bool // links
}

// NewWalk begins a walk with a request for a page of Top objects, whose From is rounded down to a whole second. The service
// gives at most so many objects on a page.
func NewWalk(first Request, most int) *Walk {
	first.From = first.From.Truncate(time.Second)
	return &Walk{next: first, most: most, seen: map[string]bool{}}
}

// Request is the next page.
func (w *Walk) Request() Request { return w.next }

// Take goes on behind a page that was read. It is true once the walk is at its end.
func (w *Walk) Take(p Page) (done bool, err error) {
	if !w.next.Ordered {
		return w.follow(p)
	}
	if p.Objects > 0 && (!p.Ascending || p.First.Before(w.next.From.Add(-rounding))) {
		return false, ErrOrder
	}
	last := p.Last.Truncate(time.Second)
	switch {
	case p.Next == "" && p.Objects < w.next.Top:
		return true, nil
	case last.After(w.next.From):
		// What is updated meanwhile moves ahead, so a new request skips nothing, as an offset would.
		w.next.From, w.next.Link = last, ""
		return false, nil
	case p.Next == "" && w.next.Top < w.most:
		// Either the list ends with a full page, or the service gives no links: a larger page tells.
		w.next.Top = min(2*w.next.Top, w.most)
		return false, nil
	default:
		return w.follow(p)
	}
}

// follow goes on with the service's own link.
func (w *Walk) follow(p Page) (done bool, err error) {
	if p.Next == "" {
		return true, nil
	}
	if w.seen[p.Next] {
		return false, errLoop
	}
	w.seen[p.Next] = true
	w.next.Link = p.Next
	return false, nil
}

// Add takes the next object of the page.
func (p *Page) Add(o Object) {
	switch {
	case p.Objects == 0:
		p.First = o.Updated
	case o.Updated.Before(p.Last):
		p.Ascending = false
	}
	if p.Objects++; o.Updated.After(p.Last) {
		p.Last = o.Updated
	}
}
