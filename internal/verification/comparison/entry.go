package comparison

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// entrySize is the size of an entry on disk.
const entrySize = 64

// side says where an entry comes from.
type side uint8

const (
	expected side = iota // the source, and its event is to be at the destination
	dropped              // the source, and the processors drop it
	found                // the destination
)

// The flags of an entry.
const (
	flagOwnName uint8 = 1 << iota // the user is called as the row calls its account
	flagGuessed                   // the person follows from who is logged on
	flagNotDue                    // the row came too lately
	flagWithin                    // it happened within the period
)

// entry is an event of one side.
type entry struct {
	id              uuid.UUID
	content, person uint64
	alert           uint64
	at              int64 // when it happened, in Unix nanoseconds; noTime: it does not say
	position        int64 // within its place
	place           uint32
	side            side
	flags           uint8
	kind            uint8 // the index of the table on the source's side, of the event type on the destination's
}

const noTime = -1 << 63

func (e *entry) has(flag uint8) bool { return e.flags&flag != 0 }

func (e *entry) time() time.Time {
	if e.at == noTime {
		return time.Time{}
	}
	return time.Unix(0, e.at).UTC()
}

func (e *entry) append(to []byte) []byte {
	to = append(to, e.id[:]...)
	for _, n := range []uint64{e.content, e.person, e.alert, uint64(e.at), uint64(e.position)} { //nolint:gosec // the bits, as they are
		to = binary.LittleEndian.AppendUint64(to, n)
	}
	to = binary.LittleEndian.AppendUint32(to, e.place)
	return append(to, byte(e.side), e.flags, e.kind, 0)
}

func readEntry(b []byte) (e entry) {
	copy(e.id[:], b)
	number := func(i int) uint64 { return binary.LittleEndian.Uint64(b[16+8*i:]) }
	e.content, e.person, e.alert = number(0), number(1), number(2)
	e.at, e.position = int64(number(3)), int64(number(4)) //nolint:gosec // the bits, as they are
	e.place = binary.LittleEndian.Uint32(b[56:])
	e.side, e.flags, e.kind = side(b[60]), b[61], b[62]
	return e
}

// compareEntries puts the copies of an event together, the source's first.
func compareEntries(a, b []byte) int {
	if c := bytes.Compare(a[:16], b[:16]); c != 0 {
		return c
	}
	return int(a[60]) - int(b[60])
}
