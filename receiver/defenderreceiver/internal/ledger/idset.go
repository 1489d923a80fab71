package ledger

import (
	"encoding/binary"
	"math/bits"

	"github.com/google/uuid"
)

// idSet is a set of whole ids in about 18 bytes each, where a map takes 32: an id that is not in it is never taken for one
// that is. It is a hash table with linear probing, for which the ids, being digests, are hashes already. It may be so full,
// and grows by so little, because the ids stand in it nearly in their order: a search reads on in one place, and growing
// moves them from one end to the other. The zero value is an empty set.
type idSet struct {
	slots []slot // the zero slot is a free one
	used  int
	zero  bool // whether the id of zeros is in the set
}

// slot is an id as two numbers.
type slot struct{ high, low uint64 }

const (
	leastSlots = 8
	// Of so many slots one stays free at least; and a tenth of them is added when no more are.
	slotsPerFree = 12
	growthPart   = 10
)

func slotOf(id uuid.UUID) slot {
	return slot{binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])}
}

func (s *idSet) has(id uuid.UUID) bool {
	wanted := slotOf(id)
	if wanted == (slot{}) {
		return s.zero
	}
	return s.used > 0 && *s.find(wanted) == wanted
}

func (s *idSet) add(id uuid.UUID) {
	added := slotOf(id)
	if added == (slot{}) {
		s.zero = true
		return
	}
	if s.used+1+len(s.slots)/slotsPerFree >= len(s.slots) {
		s.grow()
	}
	if at := s.find(added); *at != added {
		*at = added
		s.used++
	}
}

// find gives the slot of an id, or the free one where it belongs.
func (s *idSet) find(wanted slot) *slot {
	place, _ := bits.Mul64(wanted.high, uint64(len(s.slots)))
	for {
		if at := &s.slots[place]; *at == wanted || *at == (slot{}) {
			return at
		}
		if place++; place == uint64(len(s.slots)) {
			place = 0
		}
	}
}

func (s *idSet) grow() {
	before := s.slots
	s.slots = make([]slot, max(leastSlots, len(before)+1+len(before)/growthPart))
	for _, id := range before {
		if id != (slot{}) {
			*s.find(id) = id
		}
	}
}

// len is the number of ids.
func (s *idSet) len() int {
	if s.zero {
		return s.used + 1
	}
	return s.used
}
