package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	got, err := Parse("429:0.05, 503=7s:0.01,truncate@DeviceEvents:1,poison")
	require.NoError(t, err)
	assert.Equal(t, []Fault{
		{Kind: TooManyRequests, Rate: 0.05},
		{Kind: Unavailable, Rate: 0.01, Delay: 7 * time.Second},
		{Kind: Truncate, Rate: 1, Table: "DeviceEvents"},
		{Kind: Poison, Rate: 1},
	}, got)
	for _, text := range []string{"418:1", "429:2", "429:-1", "429:NaN", "429:x", "slow=fast:1", "slow=-1s"} {
		_, err := Parse(text)
		assert.Error(t, err, text)
	}
}

func TestFaultsOfOneTable(t *testing.T) {
	p := NewPlan(1, []Fault{{Kind: Reset, Rate: 1, Table: "DeviceEvents"}})
	assert.Equal(t, Reset, p.Draw([]string{"DeviceEvents"}).Kind)
	assert.Empty(t, p.Draw([]string{"DeviceInfo"}).Kind)
	p.FailNext(1, Fault{Kind: Drop, Table: "DeviceInfo"})
	assert.Equal(t, Reset, p.Draw([]string{"DeviceEvents"}).Kind)
	assert.Equal(t, Drop, p.Draw([]string{"DeviceInfo"}).Kind)
	assert.Empty(t, p.Draw([]string{"DeviceInfo"}).Kind)
}
