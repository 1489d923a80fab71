package defenderreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// Of a backlog of many pages a query looks through about two, and not through all that is left.
func TestABacklogIsScannedAboutTwice(t *testing.T) {
	const rows, pageRows = 20_000, 500
	s := newStage(t, defendersim.Options{})
	for first := 0; first < rows; first += 20 {
		s.Plant(first, 20, epoch.Add(-time.Hour*time.Duration(rows-first)/rows))
	}
	cfg := s.config(logons)
	cfg.InitialLookback, cfg.Page.MaxRows = 2*time.Hour, pageRows
	cfg.PollInterval = time.Hour // the first poll reads it all
	cfg.LateArrival.Audit.Interval = 0
	stop := s.start(cfg)
	s.delivered(rows)
	stop()
	report := s.Sim.Report().Table(logons)
	assert.Less(t, float64(report.RowsScanned)/rows, 5.0, "once for the probe, once for the first page, which tells how much a page is, and then about twice")
	assert.Less(t, report.Queries, int64(rows/pageRows*5/4), "each query brings a page")
}
