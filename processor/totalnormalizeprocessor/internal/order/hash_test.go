package order

import (
	"hash/fnv"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What is stored was hashed by hash/fnv.
func TestHashIsFNV(t *testing.T) {
	h := fnv.New64a()
	_, _ = h.Write([]byte{1, 2, 3, 4, 5, 6, 7, 8})
	_, _ = h.Write([]byte("DeviceLogonEvents\xff"))
	assert.Equal(t, h.Sum64(), withTable(0x0807060504030201, "DeviceLogonEvents\xff"))
}
