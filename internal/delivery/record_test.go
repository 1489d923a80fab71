package delivery

import (
	"testing"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Records say which component made them, also after the batch began anew.
func TestRecordsHaveAScope(t *testing.T) {
	b := NewBatch(tables.All()[0], Origin{TenantID: "t", Scope: "receiver", Version: "1.2.3"}, "", Limits{})
	for range 2 {
		resource := b.logs.ResourceLogs().At(0)
		id, _ := resource.Resource().Attributes().Get(logrecord.AttributeTenantID)
		assert.Equal(t, "t", id.Str())
		assert.Equal(t, "receiver", resource.ScopeLogs().At(0).Scope().Name())
		assert.Equal(t, "1.2.3", resource.ScopeLogs().At(0).Scope().Version())
		b.take()
	}
}
