package kql

import (
	"crypto/md5"  //nolint:gosec // a function of the language
	"crypto/sha1" //nolint:gosec // a function of the language
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

func hashFunctions() map[string]function {
	xx := plain(Long, 1, 2, func(v []Value) Value {
		h := Hash(v[0])
		if len(v) == 1 {
			return NewLong(h)
		}
		n, ok := computeLong("%", h, v[1].n)
		if !ok || v[1].null {
			return Null(Long)
		}
		return NewLong(n)
	}, scalars, integers)
	return map[string]function{
		"hash":          xx,
		"hash_xxhash64": xx,
		"hash_sha256":   digest(func(b []byte) []byte { h := sha256.Sum256(b); return h[:] }),
		"hash_sha1":     digest(func(b []byte) []byte { h := sha1.Sum(b); return h[:] }), //nolint:gosec // as above
		"hash_md5":      digest(func(b []byte) []byte { h := md5.Sum(b); return h[:] }),  //nolint:gosec // as above
		"binary_xor":    bitwise(func(a, b int64) int64 { return a ^ b }),
		"binary_and":    bitwise(func(a, b int64) int64 { return a & b }),
		"bitset_count_ones": plain(Long, 1, 1, func(v []Value) Value {
			return NewLong(int64(bits.OnesCount64(uint64(v[0].n)))) //nolint:gosec // counts bits
		}, integers).named(""),
	}
}

func digest(sum func([]byte) []byte) function {
	return plain(String, 1, 1, func(v []Value) Value {
		return NewString(hex.EncodeToString(sum([]byte(text(v[0])))))
	}, scalars)
}

func bitwise(f func(a, b int64) int64) function {
	return plain(Long, 2, 2, func(v []Value) Value {
		if v[0].null || v[1].null {
			return Null(Long)
		}
		return NewLong(f(v[0].n, v[1].n))
	}, integers).named("")
}

// Hash is hash(v): xxHash64 with seed 0, of a string's UTF-8 and of the eight little-endian bytes of
// anything that is a number. Checked against the values in Microsoft's reference.
func Hash(v Value) int64 {
	switch v.typ {
	case String, GUID:
		return int64(xxhash.Sum64String(v.s)) //nolint:gosec // Kusto's result is signed
	case Dynamic:
		return int64(xxhash.Sum64String(dynamicText(v.d))) //nolint:gosec // as above
	}
	var b [8]byte
	if v.typ == Real {
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(v.f))
	} else {
		binary.LittleEndian.PutUint64(b[:], uint64(v.n)) //nolint:gosec // its bytes
	}
	return int64(xxhash.Sum64(b[:])) //nolint:gosec // as above
}
