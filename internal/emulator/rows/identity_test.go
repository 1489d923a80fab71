package rows

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func TestIdentityOfResultRows(t *testing.T) {
	columns := []engine.Column{
		{Name: "ActionType", Type: value.String},
		{Name: "Timestamp", Type: value.DateTime},
		{Name: "DeviceId", Type: value.String},
		{Name: "ReportId", Type: value.Long},
		{Name: "FileName", Type: value.String},
	}
	row := func(file string, id int64) []value.Value {
		return []value.Value{value.NewString("a"), value.NewDateTime(5), value.NewString("d"), value.NewLong(id), value.NewString(file)}
	}
	key := NewIdentity(columns)
	assert.Equal(t, key.Hash(row("x", 1)), key.Hash(row("y", 1)))
	assert.NotEqual(t, key.Hash(row("x", 1)), key.Hash(row("x", 2)))
	other := NewIdentity(columns[:3])
	assert.NotEqual(t, other.Hash([]value.Value{value.NewString("a"), value.NewDateTime(5), value.NewString("d")}),
		other.Hash([]value.Value{value.NewString("a"), value.NewDateTime(5), value.NewString("e")}))
	assert.True(t, other.Identifies)
	counts := NewIdentity([]engine.Column{{Name: "count_", Type: value.Long}})
	assert.False(t, counts.Identifies)
	nan := NewIdentity([]engine.Column{{Name: "r", Type: value.Real}})
	assert.NotPanics(t, func() { nan.Hash([]value.Value{value.NewReal(math.NaN())}) })
}
