package task

import (
	"encoding/json"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

// tierEvidence is the only tier of which tasks are made.
const tierEvidence = "evidence"

// Correlation is what a record says of an execution.
type Correlation struct {
	Cause
	// Alerts are those that are evidence.
	Alerts []string
}

// body is that of a record. Tier and attribution of the whole count where the alerts have none of their own.
type body struct {
	Execution   string   `json:"execution_id"`
	Test        string   `json:"test_id"`
	Tier        string   `json:"tier"`
	Attribution string   `json:"attribution"`
	AlertIDs    []string `json:"alert_ids"`
	Revision    int64    `json:"revision"`
	Alerts      []struct {
		ID          string `json:"id"`
		Tier        string `json:"tier"`
		Attribution string `json:"attribution"`
	} `json:"alerts"`
}

// Read reads a record. It reports false if the record is no correlation.
func Read(record plog.LogRecord, attributions []string) (Correlation, bool) {
	if record.EventName() != logrecord.EventCorrelation {
		return Correlation{}, false
	}
	b, ok := read(record.Body())
	if !ok || b.Execution == "" {
		return Correlation{}, false
	}
	c := Correlation{Cause: Cause{Execution: b.Execution, Test: b.Test, Revision: b.Revision}}
	counts := func(id, tier, attribution string) {
		if id != "" && tier == tierEvidence && slices.Contains(attributions, attribution) && !slices.Contains(c.Alerts, id) {
			c.Alerts = append(c.Alerts, id)
		}
	}
	for _, a := range b.Alerts {
		counts(a.ID, a.Tier, a.Attribution)
	}
	if len(b.Alerts) == 0 {
		for _, id := range b.AlertIDs {
			counts(id, b.Tier, b.Attribution)
		}
	}
	return c, true
}

// read takes a map, or its JSON.
func read(v pcommon.Value) (body, bool) {
	text := []byte(v.Str())
	if v.Type() == pcommon.ValueTypeMap {
		var err error
		if text, err = json.Marshal(v.Map().AsRaw()); err != nil {
			return body{}, false
		}
	}
	var b body
	return b, json.Unmarshal(text, &b) == nil
}
