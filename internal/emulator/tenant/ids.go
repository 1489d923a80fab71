package tenant

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

func itoa[T int | int32 | int64 | uint64](n T) string { return strconv.FormatInt(int64(n), 10) }

// hexText gives n hexadecimal digits.
func hexText(key uint64, n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	var word uint64
	for i := range b {
		if i%16 == 0 {
			word = derive(key, uint64(i))
		}
		b[i] = digits[word>>(4*(i%16))&0xf]
	}
	return string(b)
}

func guid(key uint64) string {
	b := guidBytes(key)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// guidBytes are those of a random (version 4) GUID as its text shows them.
func guidBytes(key uint64) (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], mix(key))
	binary.BigEndian.PutUint64(b[8:], derive(key, 0))
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return b
}

// entraIdentity gives an object ID and its SID, whose four numbers are the ID's 16 bytes in
// Microsoft's order: the first three groups of the text are little-endian numbers.
func entraIdentity(key uint64) (objectID, sid string) {
	shown := guidBytes(key)
	memory := shown
	memory[0], memory[1], memory[2], memory[3] = shown[3], shown[2], shown[1], shown[0]
	memory[4], memory[5] = shown[5], shown[4]
	memory[6], memory[7] = shown[7], shown[6]
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(memory[4*i:]) }
	return guid(key), fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", word(0), word(1), word(2), word(3))
}

// machineSID is the SID of a domain or device, to which a RID is added.
func machineSID(key uint64) string {
	return fmt.Sprintf("S-1-5-21-%d-%d-%d", uint32(key)|1<<30, uint32(derive(key, 0))|1<<29, uint32(derive(key, 1))|1<<30)
}

// domainSID is the SID of the Windows domain.
func domainSID(seed uint64) string { return machineSID(deriveText(seed, "domain")) }
