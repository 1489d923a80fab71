package tenant

import (
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// BenchmarkScan reads about 100,000 rows of the widest table, 25 columns each.
func BenchmarkScan(b *testing.B) {
	cfg := DefaultConfig()
	cfg.Start, cfg.History, cfg.RowsPerDay = start, 30*24*time.Hour, 20_000_000/30
	tab := tableOf(b, newTenant(b, cfg), "DeviceProcessEvents")
	bounds := asOf(start)
	bounds.IngestionTime = engine.Range{From: value.Ticks(start.Add(-17 * time.Hour)), To: value.Ticks(start)}
	for _, columns := range []int{0, 25, 69} {
		b.Run(itoa(columns)+" columns", func(b *testing.B) {
			rows := 0
			for b.Loop() {
				_ = tab.Scan(b.Context(), bounds, func(r engine.Row) bool {
					rows++
					for i := range columns {
						r.Value(i)
					}
					return true
				})
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(rows)/float64(b.N), "rows")
		})
	}
}

// BenchmarkScanByEventTime reads an hour of event time out of 20 million rows with days of lateness.
func BenchmarkScanByEventTime(b *testing.B) {
	cfg := DefaultConfig()
	cfg.Start, cfg.History, cfg.RowsPerDay = start, 30*24*time.Hour, 20_000_000/30
	cfg.LateMax = 7 * 24 * time.Hour
	tab := tableOf(b, newTenant(b, cfg), "DeviceProcessEvents")
	bounds := asOf(start)
	bounds.Timestamp = engine.Range{From: value.Ticks(start.Add(-11 * 24 * time.Hour)), To: value.Ticks(start.Add(-11*24*time.Hour + time.Hour))}
	rows := 0
	for b.Loop() {
		_ = tab.Scan(b.Context(), bounds, func(engine.Row) bool { rows++; return true })
	}
	b.ReportMetric(float64(rows)/float64(b.N), "rows")
}
