package feed

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// State is what of a list was delivered, and how far. It belongs to the loop of its source.
type State struct {
	// Start is where the first walk began. It is fixed by the first poll.
	Start time.Time
	// Mark is up to where the list was read: what was updated longer before than the overlap is done. Zero: it was never
	// read to its end.
	Mark time.Time
	// Unreadable are ranges that were passed over, in order.
	Unreadable []Range
	delivered  map[key]version
	// since is from when on delivered versions are remembered; zero: from Start on.
	since time.Time
}

// version is the newest version of an object that was delivered.
type version struct {
	updated int64 // in ticks of 100 ns since 1970
	parts   uint16
	refused bool // by the pipeline for good
}

const tick = 100 * time.Nanosecond

// NewState is one of a list that was never read.
func NewState() *State { return &State{delivered: map[key]version{}} }

// Standing is how a version stands to what was delivered.
func (s *State) Standing(o Object) Standing {
	known, ok := s.delivered[keyOf(o.ID)]
	switch at := ticks(o.Updated); {
	case !ok:
		return First
	case at > known.updated:
		return Updated
	case at == known.updated && parts(o) > known.parts:
		return Grown
	default:
		return Delivered
	}
}

// IsNew reports whether an object of which no version is known was never delivered: what was created after the start and
// before what is remembered was.
func (s *State) IsNew(o Object) bool {
	return o.Created.Before(s.Start) || o.Created.IsZero() || !o.Created.Before(s.since)
}

// Before is when what was delivered of an object before a version of it was last updated, at the latest. If no version is
// known, this one is the first of those that are: others may have been updated before the start, or are forgotten.
func (s *State) Before(o Object) (updated time.Time, first bool) {
	known, ok := s.delivered[keyOf(o.ID)]
	if !ok {
		return s.From(time.Time{}).Add(-tick), true
	}
	const second = int64(time.Second / tick)
	return time.Unix(known.updated/second, known.updated%second*int64(tick)).UTC(), false
}

// From is where a walk begins that is to begin at a time: not before the start, and not where what was delivered is
// forgotten, whatever the settings were then.
func (s *State) From(at time.Time) time.Time {
	for _, least := range []time.Time{s.Start, s.since} {
		if at.Before(least) {
			at = least
		}
	}
	return at
}

// Accept notes that a version was delivered, or refused for good.
func (s *State) Accept(o Object, refused bool) {
	s.delivered[keyOf(o.ID)] = version{updated: ticks(o.Updated), parts: parts(o), refused: refused}
}

// IsRefused reports whether the version of an object that is known was refused for good.
func (s *State) IsRefused(o Object) bool { return s.delivered[keyOf(o.ID)].refused }

// Forget drops what was last updated before a time, which is rounded down to a whole second as walks are.
func (s *State) Forget(before time.Time) {
	before = before.Truncate(time.Second)
	if !before.After(s.From(time.Time{})) {
		return
	}
	s.since = before
	oldest := ticks(before)
	for k, v := range s.delivered {
		if v.updated < oldest {
			delete(s.delivered, k)
		}
	}
}

// Len is how many objects are remembered.
func (s *State) Len() int { return len(s.delivered) }

// SetAside notes a range that cannot be read. Ranges that touch each other are kept apart: each is tried alone.
func (s *State) SetAside(r Range) {
	s.Unreadable = append(s.Unreadable, r)
	slices.SortFunc(s.Unreadable, func(a, b Range) int { return a.From.Compare(b.From) })
}

// Windows are what a walk from one time to another one reads: all but the ranges that cannot be read. A zero to is open.
func (s *State) Windows(from, to time.Time) []Range {
	var windows []Range
	for _, r := range s.Unreadable {
		if !to.IsZero() && !r.From.Before(to) {
			break
		}
		if r.From.After(from) {
			windows = append(windows, Range{From: from, To: r.From})
		}
		if r.To.After(from) {
			from = r.To
		}
	}
	if to.IsZero() || from.Before(to) {
		windows = append(windows, Range{From: from, To: to})
	}
	return windows
}

// Readable removes a range that was read.
func (s *State) Readable(r Range) {
	s.Unreadable = slices.DeleteFunc(s.Unreadable, func(other Range) bool { return other == r })
}

// Postpone divides a range that cannot be read, and tries its halves later.
func (s *State) Postpone(r Range, due time.Time) {
	s.Readable(r)
	r.Due = due
	for _, half := range r.halves() {
		s.SetAside(half)
	}
}

func ticks(t time.Time) int64 {
	return t.Unix()*int64(time.Second/tick) + int64(t.Nanosecond())/int64(tick)
}

// parts is bounded by what is stored of it.
func parts(o Object) uint16 { return uint16(min(o.Parts, refusedBit-1)) } //nolint:gosec // bounded above

// refusedBit of the stored number of parts.
const refusedBit = 1 << 15

// stored is the form of a State in the storage. Delivered holds entries of 26 bytes, sorted: 16 of the id's hash, 8 of
// the last update in ticks, 2 of
// the number of parts, of which the highest bit says that the version was refused, all big-endian.
type stored struct {
	Version    int       `json:"version"`
	Start      time.Time `json:"start,omitzero"`
	Mark       time.Time `json:"mark,omitzero"`
	Since      time.Time `json:"since,omitzero"`
	Unreadable []Range   `json:"unreadable,omitempty"`
	Delivered  []byte    `json:"delivered,omitempty"`
}

const (
	storedVersion = 1
	entrySize     = len(key{}) + 8 + 2
)

// Encode is the stored form.
func (s *State) Encode() ([]byte, error) {
	keys := make([]key, 0, len(s.delivered))
	for k := range s.delivered {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int { return slices.Compare(a[:], b[:]) })
	entries := make([]byte, 0, len(keys)*entrySize)
	for _, k := range keys {
		v := s.delivered[k]
		entries = append(entries, k[:]...)
		entries = binary.BigEndian.AppendUint64(entries, uint64(v.updated)) //nolint:gosec // the same bits
		last := v.parts
		if v.refused {
			last |= refusedBit
		}
		entries = binary.BigEndian.AppendUint16(entries, last)
	}
	data, err := json.Marshal(stored{storedVersion, s.Start, s.Mark, s.since, s.Unreadable, entries})
	if err != nil {
		return nil, fmt.Errorf("encode the state of a feed: %w", err)
	}
	return data, nil
}

// Decode reads the stored form.
func Decode(data []byte) (*State, error) {
	var from stored
	if err := json.Unmarshal(data, &from); err != nil {
		return nil, fmt.Errorf("decode the state of a feed: %w", err)
	}
	if from.Version != storedVersion {
		return nil, fmt.Errorf("the stored state of a feed has version %d, and this release reads %d: use the release that wrote it", from.Version, storedVersion)
	}
	if len(from.Delivered)%entrySize != 0 {
		return nil, fmt.Errorf("the stored state of a feed is cut off: %d bytes of entries are no multiple of %d", len(from.Delivered), entrySize)
	}
	s := &State{Start: from.Start, Mark: from.Mark, Unreadable: from.Unreadable, since: from.Since, delivered: map[key]version{}}
	for entry := range slices.Chunk(from.Delivered, entrySize) {
		at := binary.BigEndian.Uint64(entry[len(key{}):])
		last := binary.BigEndian.Uint16(entry[len(key{})+8:])
		s.delivered[key(entry[:len(key{})])] = version{
			updated: int64(at), //nolint:gosec // the same bits
			parts:   last &^ refusedBit, refused: last&refusedBit != 0,
		}
	}
	return s, nil
}
