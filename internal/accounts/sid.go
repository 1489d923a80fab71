package accounts

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

const (
	entraSIDPrefix = "S-1-12-1-"
	// domainSIDPrefix begins the SIDs that a domain or a machine gives to its own accounts.
	domainSIDPrefix = "S-1-5-21-"
)

// ObjectIDFromSID computes the Entra object id that the SID S-1-12-1-a-b-c-d contains: a to d are
// its four 32-bit words, little-endian. It reports false for any other SID.
func ObjectIDFromSID(sid string) (string, bool) {
	rest, ok := cutPrefixFold(sid, entraSIDPrefix)
	if !ok {
		return "", false
	}
	var words [16]byte
	n := 0
	for word := range strings.SplitSeq(rest, "-") {
		v, err := strconv.ParseUint(word, 10, 32)
		if err != nil || n == len(words) {
			return "", false
		}
		binary.LittleEndian.PutUint32(words[n:], uint32(v))
		n += 4
	}
	if n != len(words) {
		return "", false
	}
	// A GUID keeps its first three fields little-endian, its text shows them big-endian.
	var id uuid.UUID
	binary.BigEndian.PutUint32(id[0:], binary.LittleEndian.Uint32(words[0:]))
	binary.BigEndian.PutUint16(id[4:], binary.LittleEndian.Uint16(words[4:]))
	binary.BigEndian.PutUint16(id[6:], binary.LittleEndian.Uint16(words[6:]))
	copy(id[8:], words[8:])
	return id.String(), true
}

// IsEntraSID reports whether Entra ID gave the SID.
func IsEntraSID(sid string) bool {
	_, ok := cutPrefixFold(sid, entraSIDPrefix)
	return ok
}

// IsPersonalSID reports whether the SID can be one person's alone: one of Entra ID's, or one that a
// domain or machine gave to an account which it did not have from the beginning. Those from the
// beginning (Administrator, Guest, krbtgt) have relative ids below 1000.
func IsPersonalSID(sid string) bool {
	if IsEntraSID(sid) {
		return true
	}
	const firstOwn = 1000
	rid, ok := relativeID(sid)
	if !ok {
		return false
	}
	n, err := strconv.ParseUint(rid, 10, 32)
	return err == nil && n >= firstOwn
}

// relativeID is the last part of a domain's or machine's SID, e.g. 501 for its guest.
func relativeID(sid string) (string, bool) {
	if _, ok := cutPrefixFold(sid, domainSIDPrefix); !ok {
		return "", false
	}
	return sid[strings.LastIndexByte(sid, '-')+1:], true
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}
