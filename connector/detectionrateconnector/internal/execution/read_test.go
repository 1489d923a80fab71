package execution

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

const uuidOfTest = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"

// record is one with a body, as a map or as text.
func record(t *testing.T, body any) plog.LogRecord {
	t.Helper()
	r := plog.NewLogRecord()
	require.NoError(t, r.Body().FromRaw(body))
	return r
}

func TestForms(t *testing.T) {
	attributes := plog.NewLogRecord()
	attributes.SetTimestamp(pcommon.NewTimestampFromTime(noon))
	require.NoError(t, attributes.Attributes().FromRaw(map[string]any{
		"security.test.execution.id": "e1", "security.test.id": uuidOfTest + "::T1059-1", "security.test.name": "PowerShell",
		"security.test.techniques": []any{"t1059.001", " T1003", "T1003"}, "security.test.start_time": "2026-03-15T11:59:00Z",
		"security.test.exit_code": int64(105), "security.test.category": "intel", "security.test.bundle.id": uuidOfTest,
		"security.test.binary.names": []any{"Tool.EXE"}, "security.test.binary.sha256": []any{"ABCD"},
	}))
	hostless := pcommon.NewMap()
	hostless.PutStr("host.name", "PC1")

	achilles := map[string]any{
		"routing": map[string]any{"event_time": "2026-03-15T12:00:00Z", "hostname": "PC1", "oid": "x"}, "event": map[string]any{"ERROR": int64(0)},
		"f0rtika": map[string]any{
			"test_uuid": uuidOfTest + "::c1", "test_name": "N", "category": "cyber-hygiene", "techniques": []any{"T1486"}, "bundle_id": uuidOfTest,
			"control_id": "c1", "is_bundle_control": true, "is_protected": false,
		},
	}
	inBundle := Execution{
		ID: "task::c1", Test: uuidOfTest, Name: "N", Bundle: uuidOfTest, Control: "c1", Techniques: []string{"T1486"}, Host: "PC1", Completed: noon,
		Outcome: Skipped, Category: "cyber-hygiene", Binaries: []string{}, Hashes: []string{},
	}
	for name, c := range map[string]struct {
		record plog.LogRecord
		want   []Execution
	}{
		"attributes": {attributes, []Execution{{
			ID: "e1", Test: uuidOfTest, Name: "PowerShell", Bundle: uuidOfTest, Control: "T1059-1", Techniques: []string{"T1003", "T1059.001"},
			Host: "PC1", Started: noon.Add(-time.Minute), Completed: noon, Outcome: Protected, Category: "intel",
			Binaries: []string{"tool.exe"}, Hashes: []string{"abcd"},
		}}},
		"achilles, a hit": {record(t, map[string]any{"_id": "task::c1", "_source": achilles}), []Execution{inBundle}},
		"achilles, flat keys, as text": {
			record(t, `{"_id":"t","f0rtika.test_uuid":"x","f0rtika.techniques":["T1"],"routing.event_time":"2026-03-15T12:00:00Z","routing.hostname":"PC1","event.ERROR":101}`),
			[]Execution{{ID: "t", Test: "x", Techniques: []string{"T1"}, Host: "PC1", Completed: noon, Outcome: Unprotected, Binaries: []string{}, Hashes: []string{}}},
		},
		"f0": {
			record(t, map[string]any{
				"schemaVersion": "2.0", "testId": uuidOfTest, "testName": "N", "testMetadata": map[string]any{"category": "c", "techniques": []any{"T1059"}},
				"executionContext": map[string]any{"executionId": "x1"}, "startTime": "2026-03-15T11:00:00Z", "endTime": "2026-03-15T12:00:00Z",
				"exitCode": 126.0, "systemInfo": map[string]any{"hostname": "PC1"},
			}),
			[]Execution{{
				ID: "x1", Test: uuidOfTest, Name: "N", Category: "c", Techniques: []string{"T1059"}, Started: noon.Add(-time.Hour), Completed: noon,
				Host: "PC1", Outcome: Protected, Binaries: []string{}, Hashes: []string{},
			}},
		},
		"f0, a bundle": {
			record(t, map[string]any{
				"bundle_id": uuidOfTest, "bundle_name": "B", "execution_id": "x", "started_at": "2026-03-15T11:00:00Z", "completed_at": "2026-03-15T12:00:00Z",
				"controls": []any{
					map[string]any{"control_id": "c1", "control_name": "N1", "exit_code": int64(101), "techniques": []any{"T1"}},
					map[string]any{"control_id": "c2", "control_name": "N2", "exit_code": int64(101), "skipped": true},
				},
			}),
			[]Execution{
				{ID: "x::c1", Test: uuidOfTest, Name: "N1", Bundle: uuidOfTest, Control: "c1", Techniques: []string{"T1"}, Host: "PC1", Started: noon.Add(-time.Hour), Completed: noon, Outcome: Unprotected, Binaries: []string{}, Hashes: []string{}},
				{ID: "x::c2", Test: uuidOfTest, Name: "N2", Bundle: uuidOfTest, Control: "c2", Techniques: []string{}, Host: "PC1", Started: noon.Add(-time.Hour), Completed: noon, Outcome: Skipped, Binaries: []string{}, Hashes: []string{}},
			},
		},
	} {
		require.True(t, Auto.Is(c.record), name)
		assert.Equal(t, c.want, Auto.OfRecord(c.record, hostless), name)
	}
	assert.False(t, F0.Is(record(t, achilles)))
	assert.False(t, Achilles.Is(attributes))
	assert.False(t, Auto.Is(record(t, map[string]any{"id": "a1"})))
	assert.False(t, Auto.Is(record(t, "text")))

	// An achilles document without an id has one that is the same each time.
	one, again := Achilles.OfRecord(record(t, achilles), hostless), Achilles.OfRecord(record(t, achilles), hostless)
	require.Len(t, one, 1)
	assert.Equal(t, one, again)
	assert.NotEmpty(t, one[0].ID)
}

// Without an id or a time there is no execution.
func TestNoExecution(t *testing.T) {
	for name, attributes := range map[string]map[string]any{
		"no id":   {"security.test.id": "x", "completed_at": "2026-03-15T12:00:00Z"},
		"no time": {"security.test.execution.id": "x"},
		"before":  {"security.test.execution.id": "x", "completed_at": "1812-03-15T12:00:00Z"},
	} {
		r := plog.NewLogRecord()
		r.SetEventName(EventName)
		require.NoError(t, r.Attributes().FromRaw(attributes))
		assert.True(t, Auto.Is(r), name)
		assert.Empty(t, Auto.OfRecord(r, pcommon.NewMap()), name)
	}
}

func TestOutcomes(t *testing.T) {
	for code, want := range map[string]Outcome{
		"": Unknown, "0": Inconclusive, "1": Failed, "101": Unprotected, "105": Protected, "126": Protected, "127": Protected, "200": Failed, "259": Failed, "999": Failed,
	} {
		assert.Equal(t, want, outcomeOf("", code, false), code)
	}
	assert.Equal(t, Skipped, outcomeOf("", "0", true))
	assert.Equal(t, Protected, outcomeOf(" Protected", "0", true))
	assert.Equal(t, Unprotected, outcomeOf("whatever", "101", true))
}

// Of two versions one is the newer one, whichever is asked.
func TestNewer(t *testing.T) {
	a := Execution{ID: "e", Completed: noon}
	later, observed, other := a, a, a
	later.Completed = noon.Add(1)
	observed.Observed = noon
	other.Outcome = Protected
	assert.True(t, later.Newer(&a))
	assert.True(t, observed.Newer(&later))
	assert.NotEqual(t, a.Newer(&other), other.Newer(&a))
	assert.False(t, a.Newer(&a))
}
