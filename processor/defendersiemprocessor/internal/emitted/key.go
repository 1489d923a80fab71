package emitted

import (
	"crypto/sha256"
	"encoding/hex"
)

// Key stands for an alert of a tenant.
type Key string

// KeyOf is the key of an alert.
func KeyOf(tenantID, alertID string) Key {
	sum := sha256.Sum256([]byte(tenantID + "\x00" + alertID))
	return Key(hex.EncodeToString(sum[:16]))
}
