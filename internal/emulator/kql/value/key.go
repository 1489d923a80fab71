package value

import (
	"encoding/binary"
	"math"
)

// AppendKey writes v so that two values have equal bytes exactly if they are equal (two nulls are).
func AppendKey(dst []byte, v Value) []byte {
	if v.null {
		return append(dst, 0)
	}
	switch v.typ {
	case String:
		dst = binary.AppendUvarint(append(dst, 1), uint64(len(v.s)))
		return append(dst, v.s...)
	case Real:
		if v.f == 0 {
			v.f = 0 // minus zero equals zero
		}
		return binary.LittleEndian.AppendUint64(append(dst, 2), math.Float64bits(v.f))
	case Dynamic:
		text := appendObject(nil, v.d)
		dst = binary.AppendUvarint(append(dst, 3), uint64(len(text)))
		return append(dst, text...)
	}
	return binary.LittleEndian.AppendUint64(append(dst, 4), uint64(v.n)) // its bytes
}
