package memo

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMemo(t *testing.T) {
	m := New[int, string](2)
	get := func(version int, key string) string {
		answer, _ := m.Get(version, []byte(key))
		return answer
	}
	assert.Empty(t, get(1, "a"))
	m.Put(1, "a", "1")
	assert.Equal(t, "1", get(1, "a"))
	assert.Empty(t, get(2, "a"), "of another version")
	m.Put(1, "a", "1")
	assert.Empty(t, get(2, "a"), "found before the version changed")
	assert.Empty(t, get(1, "a"), "forgotten")
}

func TestMemoIsBounded(t *testing.T) {
	const limit = 10
	m := New[int, int](limit)
	m.Get(1, nil)
	for i := range 100 * limit {
		m.Put(1, strconv.Itoa(i), i)
		_, ok := m.Get(1, []byte("0"))
		assert.True(t, ok, "what is asked for stays")
	}
	assert.LessOrEqual(t, len(m.recent)+len(m.before), 2*limit)
	_, ok := m.Get(1, []byte("1"))
	assert.False(t, ok)
}
