package totalnormalizeprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// showing is an extension that shows processors.
type showing struct {
	component.StartFunc
	component.ShutdownFunc
	processors map[control.Processor]bool
}

func (*showing) Register(control.Receiver) func() { return func() {} }

func (s *showing) RegisterProcessor(p control.Processor) func() {
	s.processors[p] = true
	return func() { delete(s.processors, p) }
}

func TestControlExtensionShowsTheCounts(t *testing.T) {
	extension := &showing{processors: map[control.Processor]bool{}}
	t.Cleanup(func() { assert.Empty(t, extension.processors, "what has ended is not shown") })
	h := startHarness(t, collector.Extensions{component.MustNewID("defender_control"): extension})
	require.Len(t, extension.processors, 1)
	h.consume(t, columns{"AccountName": "system", "AccountSid": "S-1-5-18"}.row("DeviceLogonEvents"),
		columns{"AccountName": "jane", "AccountSid": janeSID}.row("DeviceLogonEvents"))
	h.consume(t, columns{"AccountName": "system", "AccountSid": "S-1-5-18"}.row("DeviceLogonEvents"))
	for p := range extension.processors {
		assert.Equal(t, control.ProcessorStatus{ID: "total_normalize", Records: []control.Count{
			{Table: "DeviceLogonEvents", Outcome: "dropped", Reason: "system", Records: 2},
			{Table: "DeviceLogonEvents", Outcome: "mapped", Reason: "account", Records: 1},
		}}, p.Status())
	}
}
