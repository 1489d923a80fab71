package defendercontrolextension

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// fakeDropper is a processor that knows what it dropped.
type fakeDropper struct{ fakeProcessor }

func (fakeDropper) Dropped(day proof.Day) proof.Drops {
	return proof.Drops{Since: time.Unix(0, 0), Reasons: []proof.Drop{{Table: "DeviceEvents", Reason: string(day), Rows: 3}}}
}

// A report says what the processors dropped that know it.
func TestReportsHaveDrops(t *testing.T) {
	r := &registry{}
	r.RegisterProcessor(fakeProcessor{})
	hide := r.RegisterProcessor(fakeDropper{})
	report := &proof.Report{}
	r.addDrops(report, "2026-11-21")
	hide()
	r.addDrops(report, "2026-11-22")
	assert.Equal(t, &proof.Drops{Since: time.Unix(0, 0), Reasons: []proof.Drop{
		{Processor: "total_normalize", Table: "DeviceEvents", Reason: "2026-11-21", Rows: 3},
	}}, report.Drops)
}
