package delivery

import (
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

// watermarks is the namespace of their ids.
var watermarks = uuid.MustParse("6f0b5b7e-6a3c-5c0e-9d5b-2f6f3f1d8c41")

// Announce hands the pipeline a watermark of the outlet's table, as a call of its own. It is no row: what becomes of it
// says nothing of the destination, and it is not offered again.
func (o *Outlet) Announce(until time.Time, basis string, observed time.Time) error {
	logs := plog.NewLogs()
	logrecord.FillWatermark(o.frame(logs).AppendEmpty(), logrecord.Watermark{
		Table: o.table.Name, CompleteUntil: until, TimeBasis: basis, Observed: observed,
		UID: uuid.NewSHA1(watermarks, []byte(o.origin.TenantID+"|"+o.table.Name+"|"+basis+"|"+until.UTC().Format(time.RFC3339Nano))),
	})
	return o.deliverer.announce(logs)
}

func (d *Deliverer) announce(logs plog.Logs) error {
	ctx := d.ObsReport.StartLogsOp(d.Calls)
	err := d.Next.ConsumeLogs(ctx, logs)
	d.ObsReport.EndLogsOp(ctx, "defender", 1, err)
	return err
}
