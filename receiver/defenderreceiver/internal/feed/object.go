package feed

import (
	"crypto/sha256"
	"time"
)

// Object is a version of an object, as far as its delivery depends on it.
type Object struct {
	ID      string
	Updated time.Time // its last update, as printed
	Created time.Time
	// Parts is how many pieces of evidence it has.
	Parts int
}

// key stands for an id: ids are of any length.
type key [16]byte

func keyOf(id string) key {
	sum := sha256.Sum256([]byte(id))
	return key(sum[:16])
}

// Standing is how a version stands to what was delivered.
type Standing uint8

const (
	// Delivered: this version was delivered.
	Delivered Standing = iota
	// First: no version of the object was delivered.
	First
	// Updated: an earlier version was delivered.
	Updated
	// Grown: this version was delivered with fewer parts. The service has not moved its time.
	Grown
)
