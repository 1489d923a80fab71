package defenderreceiver

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// An hour at info is one line, which says what came and how far each table is.
func TestHourlyLine(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		t := b.t
		b.Plant(0, 5, b.Now())
		cfg := b.config(logons, "DeviceEvents")
		var edits []func(*defenderReceiver)
		logs := logged(&edits)
		r := b.create(cfg)
		r.now = b.Now
		edits[0](r)
		require.NoError(t, r.Start(t.Context(), b.Host()))
		defer func() { assert.NoError(t, r.Shutdown(context.Background())) }()
		time.Sleep(30 * time.Minute)
		logs.TakeAll()
		time.Sleep(151 * time.Minute)
		hourly := logs.FilterMessage("The last hour.").All()
		require.Len(t, hourly, 3)
		fields := hourly[0].ContextMap()
		assert.EqualValues(t, 5, fields["rows_delivered"])
		assert.Contains(t, fields["tables"].([]any)[0], "DeviceLogonEvents: 5 rows, running, lag ")
		assert.Contains(t, fields["quota_used"].([]any)[0], "requests in 1m: ")
		assert.EqualValues(t, 0, hourly[1].ContextMap()["rows_delivered"])
		asked := logs.FilterMessage("A query was answered.").FilterField(zap.String("table", logons)).All()
		require.NotEmpty(t, asked)
		assert.Equal(t, "ok", asked[0].ContextMap()["outcome"])
		assert.NotEmpty(t, logs.FilterMessage("The table is up to date.").All()[0].ContextMap()["next_poll_in"])
	})
}

func TestWindowName(t *testing.T) {
	for window, want := range map[time.Duration]string{
		time.Minute: "1m", 15 * time.Minute: "15m", time.Hour: "1h", 24 * time.Hour: "24h", 90 * time.Second: "1m30s", 10 * time.Second: "10s",
	} {
		assert.Equal(t, want, windowName(window))
	}
}
