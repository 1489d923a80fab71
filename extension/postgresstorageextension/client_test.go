package postgresstorageextension

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

func claimOf(name string) lease.Claim {
	return lease.Claim{Kind: component.KindReceiver, ID: component.MustNewIDWithName("defender", name), Scope: "x"}
}

// A batch comes to what is different after it, and reads see what stands before them.
func TestPlan(t *testing.T) {
	get, set, drop := storage.GetOperation, func(key, value string) *storage.Operation { return storage.SetOperation(key, []byte(value)) }, storage.DeleteOperation
	before, after, gone, never := get("a"), get("a"), get("b"), get("c")
	p, err := newPlan([]*storage.Operation{before, set("a", "1"), after, set("a", "2"), set("b", "1"), drop("b"), gone, never, drop("d"), set("d", "1")})
	require.NoError(t, err)
	assert.Equal(t, map[string][]*storage.Operation{"a": {before}, "c": {never}}, p.read)
	assert.Equal(t, "1", string(after.Value))
	assert.Nil(t, gone.Value)
	assert.Equal(t, map[string][]byte{"a": []byte("2"), "d": []byte("1")}, p.changes.Set)
	assert.Equal(t, []string{"b"}, p.changes.Delete)
	_, err = newPlan([]*storage.Operation{{Type: 99}})
	require.Error(t, err)
}

func TestSpaces(t *testing.T) {
	id := component.MustNewIDWithName("defender", "a")
	assert.Equal(t, "receiver/defender/a", spaceOf(component.KindReceiver, id, ""))
	assert.Equal(t, "exporter/defender/a/logs", spaceOf(component.KindExporter, id, "logs"))
	assert.Equal(t, spaceOf(component.KindReceiver, id, ""), shardOf(component.KindReceiver, id), "a receiver's lease guards its part")
}
