package paging

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSize(t *testing.T) {
	s := NewSize(50_000, 900)
	assert.Equal(t, 50_000, s.Rows(), "what the user allows is the most")

	s = NewSize(50_000, 1200)
	assert.Equal(t, 37_500, s.Rows())

	s.Answered(50, 50*100_000)
	assert.Equal(t, 37_500, s.Rows(), "a few rows tell nothing")

	s.Answered(1000, 1000*4500)
	assert.Equal(t, 10_000, s.Rows(), "larger rows count at once")

	s.Answered(10_000, 10_000*900)
	assert.Equal(t, 11_111, s.Rows(), "smaller ones by an eighth")
	for range 50 {
		s.Answered(10_000, 10_000*900)
	}
	assert.InDelta(t, 50_000, s.Rows(), 250, "and in the end")

	s.Answered(100, 100*60_000_000)
	assert.Equal(t, 1, s.Rows())
}
