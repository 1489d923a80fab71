package reader

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// What the receiver asks for beside the service's columns tells where a row stands, and is no part of it.
func TestInspect(t *testing.T) {
	declared, _ := tables.ByName("DeviceLogonEvents")
	ids := rowid.New("tenant", declared)
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		values map[string]string
		want   delivery.Row
	}{
		"both times": {
			map[string]string{"Timestamp": "2026-11-21T10:00:00Z", query.IngestionTime: "2026-11-21T10:01:00Z"},
			delivery.Row{At: at.Add(time.Minute), IngestionTime: "2026-11-21T10:01:00Z", Timestamp: at, Readable: true},
		},
		"no arrival":  {map[string]string{"Timestamp": "2026-11-21T10:00:00Z"}, delivery.Row{Timestamp: at, Readable: true}},
		"no time":     {map[string]string{}, delivery.Row{}},
		"a wrong one": {map[string]string{"Timestamp": "yesterday", query.IngestionTime: "2026-11-21T10:00:00Z"}, delivery.Row{At: at, IngestionTime: "2026-11-21T10:00:00Z"}},
	} {
		body := pcommon.NewMap()
		for column, value := range c.values {
			body.PutStr(column, value)
		}
		body.PutStr("DeviceName", "host")
		got := inspect(body, ids, query.IngestionTime)
		c.want.UID = got.UID
		assert.Equal(t, c.want, got, name)
		assert.NotEqual(t, uuid.Nil, got.UID, name)
		_, left := body.Get(query.IngestionTime)
		assert.False(t, left, name)
		_, kept := body.Get("DeviceName")
		assert.True(t, kept, name)
	}
}
