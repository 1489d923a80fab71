package value

import (
	"encoding/binary"
	"math"

	"github.com/cespare/xxhash/v2"
)

// Hash is hash(v): xxHash64 with seed 0, of a string's UTF-8 and of the eight little-endian bytes of
// anything that is a number. Checked against the values in Microsoft's reference.
func Hash(v Value) int64 {
	if v.typ == String {
		return int64(xxhash.Sum64String(v.s)) // Kusto's result is signed
	}
	var b [8]byte
	if v.typ == Real {
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(v.f))
	} else {
		binary.LittleEndian.PutUint64(b[:], uint64(v.n)) // its bytes
	}
	return int64(xxhash.Sum64(b[:]))
}

// HashOf is hash(v, count): the part, from 0 on, of count parts that v belongs to.
func HashOf(v, count Value) Value {
	if count.null || count.n <= 0 {
		return Null(Long)
	}
	return NewLong(modulo(Hash(v), count.n))
}
