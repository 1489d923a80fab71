package totalnormalizeprocessor

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
)

// BenchmarkNormalize sends calls of 1000 rows of one table, made of the golden rows; ns/record and
// allocs/record count what is dropped, too.
func BenchmarkNormalize(b *testing.B) {
	const records = 1000
	for _, table := range tables.All() {
		if table.Event == nil {
			continue
		}
		b.Run(table.Name, func(b *testing.B) {
			p, err := NewFactory().CreateLogs(b.Context(), processortest.NewNopSettings(metadata.Type), validConfig(), consumertest.NewNop())
			require.NoError(b, err)
			require.NoError(b, p.Start(b.Context(), componenttest.NewNopHost()))
			rows := goldenRows(b, filepath.Join(goldenDirectory, table.Name+".in.ndjson"))
			require.NoError(b, p.ConsumeLogs(b.Context(), logsOf(rows...)))
			for len(rows) < records {
				rows = append(rows, rows...)
			}
			call := logsOf(rows[2 : records+2]...)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				logs := plog.NewLogs()
				call.CopyTo(logs)
				b.StartTimer()
				if err := p.ConsumeLogs(b.Context(), logs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
			require.NoError(b, p.Shutdown(b.Context()))
		})
	}
}
