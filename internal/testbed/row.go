package testbed

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// tick is the resolution of the service's times.
const tick = 100 * time.Nanosecond

// LogonRow is the row of DeviceLogonEvents that a number tells apart from others.
func LogonRow(number int) map[string]any {
	return map[string]any{
		"Timestamp": Epoch.Add(-time.Hour).Add(time.Duration(number) * tick).Format(time.RFC3339Nano),
		"DeviceId":  "d1", "ReportId": int64(number), "ActionType": "LogonSuccess", "AccountName": "jane.doe",
	}
}

// Key is the emulator's key of the device event that a record holds.
func Key(r collector.Record) string {
	body := r.Log.Body().Map()
	text := func(column string) string {
		v, ok := body.Get(column)
		if !ok {
			return ""
		}
		return v.Str()
	}
	at, _ := time.Parse(time.RFC3339Nano, text(tables.TimestampColumn))
	report, _ := body.Get("ReportId")
	return defendersim.RowKey(text("DeviceId"), at, report.Int(), text("ActionType"))
}
