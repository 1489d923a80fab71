package book

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// Book is what is known of one container. It is not safe for concurrent use.
type Book struct {
	start Start
	mine  func(name string) bool

	blobs map[string]*entry
	days  map[string]map[string]*entry // the same, by day
	due   map[string]*entry            // those of them that may have to be read
	dirty map[string]bool              // days that are to be stored
	// counts are those of the days that have blobs, or had some since they were stored last.
	counts   counts
	replaced []Lost // that were not told yet
	lists    uint64
	// newest: the next blob to be read is the newest one that has something unread, else the oldest.
	newest  bool
	guesses []string // blobs of the present hour that were not heard of
}

// New returns an empty book. mine says which blobs are read.
func New(start Start, mine func(name string) bool) *Book {
	return &Book{start: start, mine: mine, blobs: map[string]*entry{}, days: map[string]map[string]*entry{}, due: map[string]*entry{}, dirty: map[string]bool{}, counts: counts{}}
}

// Restore takes what is stored of a day.
func (b *Book) Restore(day string, d Day) {
	counts := b.counts.of(day)
	if d.Counts != nil {
		*counts = *d.Counts
	}
	for name, place := range d.Places {
		e := b.entry(name)
		e.place, e.length = place, place.length()
		if d.Counts == nil {
			counts.Earlier += place.Offset
		}
		b.review(e)
	}
	for name, length := range d.Lengths {
		b.entry(name).length = length
	}
}

func (b *Book) entry(name string) *entry {
	e, ok := b.blobs[name]
	if !ok {
		e = &entry{name: name, day: export.Day(name)}
		e.base, e.hour, _ = export.Hour(name)
		b.blobs[name] = e
		if b.days[e.day] == nil {
			b.days[e.day] = map[string]*entry{}
		}
		b.days[e.day][name] = e
	}
	return e
}

// BeginList says that a list of all blobs begins.
func (b *Book) BeginList() { b.lists++ }

// Listed takes what a list says of a blob.
func (b *Book) Listed(blob export.Blob, now time.Time) {
	if !b.mine(blob.Name) {
		return
	}
	_, known := b.blobs[blob.Name]
	e := b.entry(blob.Name)
	if !known {
		e.place = b.start.first(blob)
		if e.place != (Place{}) {
			b.counts.of(e.day).Passed += e.place.Offset
			b.dirty[e.day] = true
		}
	}
	e.listed, e.aside = b.lists, false
	b.heard(e, blob, now)
}

// Lost is a blob that was deleted before all of it was read.
type Lost struct {
	Name  string
	Bytes int64
}

// EndList says that the list was complete: what was not in it is gone. It returns what was lost with it, and with blobs in whose
// place others were made.
func (b *Book) EndList() []Lost {
	lost := b.replaced
	b.replaced = nil
	for _, name := range slices.Sorted(maps.Keys(b.blobs)) {
		if b.blobs[name].listed == b.lists {
			continue
		}
		if unread := b.Gone(name); unread > 0 {
			lost = append(lost, Lost{name, unread})
		}
	}
	return lost
}

// Gone takes a blob out that was deleted, and returns how many bytes of it were unread. One that is not read any more, because
// the selection of blobs is another one than before, is there all the same.
func (b *Book) Gone(name string) int64 {
	b.guesses = slices.DeleteFunc(b.guesses, func(guess string) bool { return guess == name })
	e, ok := b.blobs[name]
	if !ok {
		return 0
	}
	var left int64
	if b.mine(name) {
		c := b.counts.of(e.day)
		left = e.behind()
		c.Lost += left
		c.Deleted++
	}
	b.dirty[e.day] = true
	delete(b.blobs, name)
	delete(b.due, name)
	if delete(b.days[e.day], name); len(b.days[e.day]) == 0 {
		delete(b.days, e.day)
	}
	return left
}

// learn notes how long a blob is, and returns how much is lost of one in whose place it is.
func (b *Book) learn(e *entry, blob export.Blob) int64 {
	left, news := e.learn(blob)
	if news {
		b.counts.of(e.day).Lost += left
		b.dirty[e.day] = true
	}
	return left
}

// heard takes what is known of a blob now.
func (b *Book) heard(e *entry, blob export.Blob, now time.Time) {
	if blob.Created == "" {
		blob.Created = cmp.Or(e.now.Created, e.place.Created)
	}
	if left := b.learn(e, blob); left > 0 {
		b.replaced = append(b.replaced, Lost{e.name, left})
	}
	e.now = blob
	switch {
	case !e.unread():
		e.since = time.Time{}
	case e.since.IsZero():
		e.since = now
		if !blob.Modified.IsZero() && blob.Modified.Before(now) {
			e.since = blob.Modified
		}
	}
	b.review(e)
}

// review notes whether a blob may have to be read.
func (b *Book) review(e *entry) {
	if e.due() {
		b.due[e.name] = e
	} else {
		delete(b.due, e.name)
	}
}

// justBegun is how long after an hour has begun the blob of the hour before is hot.
const justBegun = 15 * time.Minute

// Heat says that the hot blobs are to be asked for: at most two of each tenant.
func (b *Book) Heat(now time.Time) {
	present := now.UTC().Truncate(time.Hour)
	b.guesses = b.guesses[:0]
	for base, newest := range b.heads() {
		if !newest.hour.Before(present.Add(-time.Hour)) && (!newest.hour.Before(present) || now.Sub(present) < justBegun) {
			newest.hot = true
			b.review(newest)
		}
		if name := export.Name(base, present); newest.hour.Before(present) {
			if b.mine(name) {
				b.guesses = append(b.guesses, name)
			}
			continue
		}
		if before, ok := b.blobs[export.Name(base, present.Add(-time.Hour))]; ok && now.Sub(present) < justBegun {
			before.hot = true
			b.review(before)
		}
	}
	slices.Sort(b.guesses)
}

// heads are the newest blobs of each tenant.
func (b *Book) heads() map[string]*entry {
	heads := map[string]*entry{}
	for _, e := range b.blobs {
		if e.hour.IsZero() {
			continue
		}
		if head := heads[e.base]; head == nil || before(head, e) {
			heads[e.base] = e
		}
	}
	return heads
}

func before(a, b *entry) bool {
	return cmp.Or(a.hour.Compare(b.hour), strings.Compare(a.name, b.name)) < 0
}

// Task is a part of a blob that is to be read.
type Task struct {
	Name   string
	Offset int64
	// Known is the ETag with which nothing has changed; empty: read in any case.
	Known string
	// Ends: the last line is taken for whole, though it has no end.
	Ends bool
}

// Next is what to read next: the oldest and the newest blob in turns, so that neither waits for the other.
func (b *Book) Next(now time.Time) (Task, bool) {
	if len(b.guesses) > 0 {
		name := b.guesses[0]
		b.guesses = b.guesses[1:]
		if _, known := b.blobs[name]; !known {
			return Task{Name: name}, true
		}
	}
	var chosen *entry
	for _, e := range b.due {
		if e.aside || !e.hot && !e.unread() && !e.ends(now) {
			continue
		}
		if chosen == nil || before(e, chosen) != b.newest {
			chosen = e
		}
	}
	if chosen == nil {
		return Task{}, false
	}
	b.newest = !b.newest
	t := Task{Name: chosen.name, Offset: chosen.place.Offset, Ends: chosen.ends(now)}
	if !t.Ends {
		t.Known = chosen.place.ETag
	}
	return t, true
}

// Unchanged says that a blob is as it was.
func (b *Book) Unchanged(name string) {
	if e, ok := b.blobs[name]; ok {
		e.hot = false
		e.now.Size, e.now.Created, e.now.Name = e.place.Seen, e.place.Created, name
		e.since = time.Time{}
		b.review(e)
	}
}

// Heard takes what an answer says of a blob, and reports whether it is another one than was read before, and how much of that
// one is lost: then its place is at its beginning.
func (b *Book) Heard(blob export.Blob, now time.Time) (recreated bool, lost int64) {
	e := b.entry(blob.Name)
	e.hot = false
	if blob.Created != "" {
		lost = b.learn(e, blob)
	}
	other := blob.Created != "" && e.place.Created != "" && blob.Created != e.place.Created || blob.Size < e.place.Offset
	if other {
		e.place = Place{}
		b.dirty[e.day] = true
	}
	b.heard(e, blob, now)
	return other, lost
}

// Place is how far a blob was read.
func (b *Book) Place(name string) Place {
	if e, ok := b.blobs[name]; ok {
		return e.place
	}
	return Place{}
}

// Move says that a blob was handed on up to a place, and what was taken for that. What lies between and was not handed on is
// from before the first start.
func (b *Book) Move(name string, place Place, taken Taken, now time.Time) {
	e := b.entry(name)
	if e.place == place && taken == (Taken{}) {
		return
	}
	c := b.counts.of(e.day)
	c.Rows.Add(taken.Rows)
	c.Read += taken.Bytes
	c.Passed += max(place.Offset-e.place.Offset-taken.Bytes, 0)
	c.Last = now.UTC()
	e.place = place
	b.dirty[e.day] = true
	b.heard(e, e.now, now)
}

// SetAside leaves a blob alone until the next list.
func (b *Book) SetAside(name string) {
	if e, ok := b.blobs[name]; ok {
		e.aside, e.hot = true, false
		b.review(e)
	}
}

// Summary is what can be seen of a container's blobs.
type Summary struct {
	Blobs  int
	Behind int64     // bytes
	Oldest time.Time // since when the oldest unread byte is there; zero: none is
	Grown  time.Time // when one of them grew last; zero: there is none
}

// Summary counts.
func (b *Book) Summary() Summary {
	s := Summary{Blobs: len(b.blobs)}
	for _, e := range b.blobs {
		s.Behind += e.behind()
		if !e.since.IsZero() && (s.Oldest.IsZero() || e.since.Before(s.Oldest)) {
			s.Oldest = e.since
		}
		if e.now.Modified.After(s.Grown) {
			s.Grown = e.now.Modified
		}
	}
	return s
}

// Dirty are the days that are to be stored; one without places and lengths is over.
func (b *Book) Dirty() map[string]Day {
	days := map[string]Day{}
	for day := range b.dirty {
		days[day] = dayOf(b.days[day], b.counts[day])
	}
	return days
}

// Stored says that what Dirty returned was stored.
func (b *Book) Stored() {
	for day := range b.dirty {
		if len(b.days[day]) == 0 {
			delete(b.counts, day)
		}
	}
	clear(b.dirty)
}

// dayOf is what is to be stored of a day.
func dayOf(entries map[string]*entry, counted *Counts) Day {
	d := Day{Places: map[string]Place{}, Lengths: map[string]Length{}, Counts: &Counts{}}
	if counted != nil {
		*d.Counts = *counted
	}
	for name, e := range entries {
		if e.place != (Place{}) {
			d.Places[name] = e.place
		}
		if e.length != (Length{}) && e.length != e.place.length() {
			d.Lengths[name] = e.length
		}
	}
	return d
}
