package indicator

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// ID is the identity of an indicator: the hash of its canonical text.
type ID [sha256.Size]byte

// String is the IocUniqueId of the former API: 44 characters of base64.
func (id ID) String() string { return base64.StdEncoding.EncodeToString(id[:]) }

// ParseID reads what String wrote.
func ParseID(text string) (ID, bool) {
	sum, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(sum) != sha256.Size {
		return ID{}, false
	}
	return ID(sum), true
}

// hash is the identity that a canonical text has.
func hash(parts ...string) ID { return sha256.Sum256([]byte(strings.Join(parts, "|"))) }
