package control

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

func TestSummarize(t *testing.T) {
	paused := func(reason string) Table { return Table{State: Paused, Reason: reason} }
	for name, c := range map[string]struct {
		tables []Table
		state  State
		reason string
	}{
		"no table":               {nil, Disabled, ""},
		"one runs":               {[]Table{{State: Disabled}, {State: BackingOff}, {State: Running}, paused("user")}, Running, ""},
		"none runs, one waits":   {[]Table{{State: BackingOff}, {State: WaitingQuota}, {State: Refused}}, WaitingQuota, ""},
		"all paused for one":     {[]Table{paused("credentials"), {State: Disabled}, paused("credentials")}, Paused, "credentials"},
		"all paused for several": {[]Table{paused("credentials"), paused("user")}, Paused, ""},
		"one refused":            {[]Table{{State: Refused}, paused("not_in_plan")}, Refused, ""},
	} {
		state, reason := Summarize(c.tables)
		assert.Equal(t, []any{c.state, c.reason}, []any{state, reason}, name)
	}
}

type registrar struct {
	component.Component
	receivers, processors int
}

func (r *registrar) Register(Receiver) func() { r.receivers++; return func() { r.receivers-- } }
func (r *registrar) RegisterProcessor(Processor) func() {
	r.processors++
	return func() { r.processors-- }
}

type receiver struct{}

func (receiver) Status() ReceiverStatus               { return ReceiverStatus{} }
func (receiver) Pause(context.Context, string) error  { return nil }
func (receiver) Resume(context.Context, string) error { return nil }
func (receiver) ResumeAll(context.Context) error      { return nil }

// All extensions that show receivers are told, and the others are left alone.
func TestRegister(t *testing.T) {
	one, two := &registrar{}, &registrar{}
	h := collector.Extensions{component.MustNewID("a"): one, component.MustNewID("b"): struct{ component.Component }{}, component.MustNewID("c"): two}
	end := Register(h, receiver{})
	endProcessor := RegisterProcessor(h, nil)
	assert.Equal(t, []int{1, 1, 1, 1}, []int{one.receivers, two.receivers, one.processors, two.processors})
	end()
	endProcessor()
	assert.Equal(t, []int{0, 0, 0, 0}, []int{one.receivers, two.receivers, one.processors, two.processors})
	Register(collector.Extensions{}, receiver{})()
}
