package book

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// Place is how far a blob was read.
type Place struct {
	// Offset is where reading goes on: everything before was handed on.
	Offset int64 `json:"offset"`
	// Seen is the blob's size when it was read last: what lies between Offset and Seen has no line end yet, or is unread.
	Seen int64 `json:"seen"`
	// Created is the blob's creation, as the service writes it. Another one means another blob.
	Created string `json:"created,omitempty"`
	// ETag is the blob's when it was read to its end; empty: it was not.
	ETag string `json:"etag,omitempty"`
	// Within: the offset may lie within a line, of which nothing is read.
	Within bool `json:"within,omitempty"`
}

// Length is how long a blob was.
type Length struct {
	Size int64 `json:"size"`
	// Created tells the blob from the one whose place is stored.
	Created string `json:"created,omitempty"`
}

// length is that of the blob when it was read last.
func (p Place) length() Length { return Length{Size: p.Seen, Created: p.Created} }

// unread is how much of a blob is, by what is known of it.
func unread(p Place, now Length) int64 {
	if now.Created != "" && p.Created != "" && now.Created != p.Created {
		return now.Size
	}
	return max(now.Size-p.Offset, p.Seen-p.Offset, 0)
}

// Start is when the receiver was first started.
type Start struct {
	At time.Time `json:"at"`
	// Since is the hour from which on blobs are read that were there already; zero: all.
	Since time.Time `json:"since"`
}

// first is the place of a blob that was not known. Of one that is older than the start reading begins at its end: only what
// it grows by from now on is read.
func (s Start) first(b export.Blob) Place {
	_, hour, ok := export.Hour(b.Name)
	if !ok || s.Since.IsZero() || !hour.Before(s.Since.Truncate(time.Hour)) {
		return Place{}
	}
	if created, err := time.Parse(time.RFC1123, b.Created); err != nil || !created.Before(s.At.Truncate(time.Second)) {
		return Place{}
	}
	return Place{Offset: b.Size, Seen: b.Size, Created: b.Created, ETag: b.ETag, Within: b.Size > 0}
}

// entry is one blob.
type entry struct {
	name  string
	base  string    // what stands before the hour in the name
	hour  time.Time // zero: the name says none
	day   string
	place Place
	now   export.Blob // as a list or an answer said last
	// length is that of the blob that is or was there, also as it was before the start of the process.
	length Length
	hot    bool // it is to be asked for, whatever the list says
	aside  bool // it is not read until the next list
	// since is when something unread was first noticed; zero: there is nothing.
	since  time.Time
	listed uint64 // the number of the list that had it last
}

// learn notes how long a blob is. It returns whether that is news, and how much was unread of one in whose place it is.
func (e *entry) learn(blob export.Blob) (left int64, news bool) {
	left = e.left(blob)
	length := Length{Size: blob.Size, Created: blob.Created}
	if blob.Name == "" || e.length == length {
		return left, left > 0
	}
	e.length = length
	return left, true
}

// due reports whether a blob is to be read, or may be once time has passed.
func (e *entry) due() bool { return e.hot || e.unread() || e.place.Offset < e.place.Seen }

// quiet is how long a blob does not grow until a last line without an end is taken for one.
const quiet = 24 * time.Hour

// unread reports whether there is something to read, as far as is known.
func (e *entry) unread() bool {
	if e.now.Name == "" {
		return false // nothing was heard of it since the start of the process
	}
	return e.now.Created != e.place.Created || e.now.Size > e.place.Seen
}

// behind is how many bytes are unread.
func (e *entry) behind() int64 { return unread(e.place, e.length) }

// left is how much was unread of a blob in whose place another one is now.
func (e *entry) left(now export.Blob) int64 {
	before := e.length
	if before.Created == "" {
		before = Length{Size: e.place.Seen, Created: e.place.Created}
	}
	if before.Created == "" || now.Created == "" || before.Created == now.Created {
		return 0
	}
	return unread(e.place, before)
}

// ends reports whether the last line is to be taken for whole, though it has no end.
func (e *entry) ends(now time.Time) bool {
	return e.place.Offset < e.place.Seen && !e.now.Modified.IsZero() && now.Sub(e.now.Modified) >= quiet
}
