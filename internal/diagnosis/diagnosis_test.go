package diagnosis

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func sample() *Result {
	rows := int64(1234567)
	r := &Result{
		Receiver: "defender/acme", Started: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), Duration: Seconds(1500 * time.Millisecond),
		RecentEvents: &rows, RecentHours: 24, Queries: 3,
	}
	r.Add(Check{Group: Access, Name: "token", Outcome: OK, Detail: "Entra ID gives a token", Duration: Seconds(3 * time.Millisecond)})
	r.Add(Check{Group: Tables, Name: "table", Subject: "DeviceEvents", Outcome: OK, Detail: "1,234,567 events", Rows: &rows})
	r.Add(Check{
		Group: Tables, Name: "table", Subject: "Alerts", Outcome: NotInPlan, Severity: Warning, Detail: "the tenant has no such table",
		Remedy: "assign the licence of the product that fills it, where the tenant should have it at all; else set tables::Alerts::enabled: false",
	})
	r.Add(Check{Group: Tables, Name: "tables", Outcome: Skipped, Detail: "not looked at: 3 more"})
	return r
}

func TestText(t *testing.T) {
	assert.Equal(t, `receivers::defender/acme

Access
  ok     token   Entra ID gives a token (3ms)

Tables
  ok     table   DeviceEvents  1,234,567 events
  warn   table   Alerts        the tenant has no such table
                               → assign the licence of the product that fills it, where the tenant should have
                                 it at all; else set tables::Alerts::enabled: false
  -      tables                not looked at: 3 more

Devices: not known   Events of the last 24 h: 1,234,567   Queries spent: 3   Took: 1.5s
The receiver can run, with gaps or delays; warnings: 1.
`, sample().Text())
}

// The worst check is the whole's severity, and the exit status of the command.
func TestSeverity(t *testing.T) {
	r := sample()
	assert.Equal(t, Warning, r.Severity)
	r.Add(Check{Severity: Fatal})
	r.Add(Check{Severity: Fine})
	assert.Equal(t, Fatal, r.Severity)
	assert.Equal(t, []int{0, 1, 2}, []int{int(Fine), int(Warning), int(Fatal)})
}

func TestJSON(t *testing.T) {
	text, err := json.Marshal(sample())
	require.NoError(t, err)
	assert.Contains(t, string(text), `"duration_seconds":1.5,"severity":"warning","devices":null,"recent_events":1234567,"recent_hours":24,"queries":3`)
	assert.Contains(t, string(text), `"name":"table","subject":"Alerts","outcome":"not_in_plan","severity":"warning"`)
	var back Result
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, sample(), &back)
}

func TestNumber(t *testing.T) {
	for want, n := range map[string]int64{"0": 0, "999": 999, "1,000": 1000, "12,345,678": 12345678} {
		assert.Equal(t, want, Number(n))
	}
}
