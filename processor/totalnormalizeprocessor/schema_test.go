package totalnormalizeprocessor

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

var schemaPath = filepath.Join("..", "..", "docs", "total-event.schema.json")

var compiledSchema = sync.OnceValues(func() (*jsonschema.Schema, error) { return jsonschema.NewCompiler().Compile(schemaPath) })

// checkEvent holds an event against the published schema. The harness calls it for every event of every test.
func checkEvent(tb testing.TB, record plog.LogRecord) {
	tb.Helper()
	schema, err := compiledSchema()
	require.NoError(tb, err)
	if err := schema.Validate(asJSON(record.Body().AsRaw())); err != nil {
		require.NoError(tb, err, "%v", record.Body().AsRaw())
	}
}

// asJSON is what a value is in JSON.
func asJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, value := range v {
			object[key] = asJSON(value)
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i, value := range v {
			list[i] = asJSON(value)
		}
		return list
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "a number that JSON has no form for"
		}
	}
	return v
}

func TestSchemaRefuses(t *testing.T) {
	schema, err := compiledSchema()
	require.NoError(t, err)
	h := newHarness(t)
	event := func() map[string]any {
		return asJSON(h.event(t, newRow("DeviceLogonEvents", "u", sampleRow(t))).AsRaw()).(map[string]any)
	}
	for name, change := range map[string]func(map[string]any){
		"a missing key":         func(e map[string]any) { delete(e, "tuid") },
		"another key":           func(e map[string]any) { e["more"] = 1 },
		"another payload key":   func(e map[string]any) { e["payload"].(map[string]any)["file_name"] = "x" },
		"no user":               func(e map[string]any) { delete(e["payload"].(map[string]any), "user") },
		"an unknown event type": func(e map[string]any) { e["event_type"] = "OTHER" },
		"an unknown way":        func(e map[string]any) { e["raw_metadata"].(map[string]any)["attributed_by"] = "guess" },
		"late that is false":    func(e map[string]any) { e["raw_metadata"].(map[string]any)["late"] = false },
		"null":                  func(e map[string]any) { e["payload"].(map[string]any)["protocol"] = nil },
		"a key of other case":   func(e map[string]any) { e["raw_metadata"].(map[string]any)["ProcessId"] = 1 },
	} {
		e := event()
		require.NoError(t, schema.Validate(e))
		change(e)
		assert.Error(t, schema.Validate(e), name)
	}
}

// Every key that an event can have is described, and no other.
func TestSchemaDescribesEveryKey(t *testing.T) {
	text, err := os.ReadFile(schemaPath)
	require.NoError(t, err)
	var schema struct {
		Properties map[string]struct{ Description string }
		Defs       map[string]struct {
			Description string
			Properties  map[string]struct{ Description string }
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(text, &schema))
	for key, property := range schema.Properties {
		assert.NotEmpty(t, property.Description, key)
	}
	named := map[string]string{
		"DeviceLogonEvents": "auth", "DeviceProcessEvents": "process", "DeviceEvents": "device", "DeviceRegistryEvents": "registry",
		"DeviceNetworkEvents": "network", "DeviceFileEvents": "file", "Alerts": "alert",
	}
	for _, table := range tables.All() {
		if table.Event == nil {
			continue
		}
		payload, metadata := schema.Defs[named[table.Name]+"_payload"], schema.Defs[named[table.Name]+"_raw_metadata"]
		want := []string{"user"}
		for _, f := range table.Event.Payload {
			want = append(want, f.Key)
		}
		if table.AccountActions != nil {
			want = append(want, "target_user", "target_group")
		}
		for _, key := range want {
			assert.NotEmpty(t, payload.Properties[key].Description, "%s payload.%s", table.Name, key)
		}
		assert.Len(t, payload.Properties, len(want), table.Name)
		want = []string{"platform_event_id", "created_at", "source_platform", "lane", "late", "attributed_by"}
		for _, column := range table.Event.RawMetadata {
			want = append(want, tables.SnakeCase(column))
		}
		for _, key := range want {
			assert.NotEmpty(t, metadata.Properties[key].Description, "%s raw_metadata.%s", table.Name, key)
		}
		assert.Len(t, metadata.Properties, len(want), table.Name)
	}
}

// The page that explains the events shows each of testdata as it is.
func TestPageShowsThePairs(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "events.md"))
	require.NoError(t, err)
	for _, table := range tables.All() {
		if table.Event == nil {
			continue
		}
		event, err := os.ReadFile(filepath.Join("..", "..", "testdata", table.Name+".event.json"))
		require.NoError(t, err)
		var indented strings.Builder
		e := json.NewEncoder(&indented)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		require.NoError(t, e.Encode(json.RawMessage(event)))
		assert.Contains(t, string(page), strings.TrimSpace(indented.String()), table.Name)
	}
}
