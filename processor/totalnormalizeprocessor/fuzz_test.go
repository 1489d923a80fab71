package totalnormalizeprocessor

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// FuzzNormalize sends whatever a client could: the harness checks that no record is lost.
func FuzzNormalize(f *testing.F) {
	for _, seed := range []plog.Logs{
		logsOf(newRow("DeviceLogonEvents", sampleUID, sampleRow(f))),
		logsOf(columns{"EntityType": "MailMessage", "AlertUsers": []any{jane}}.row("Alerts"), plog.NewLogRecord()),
		logsOf(columns{"LoggedOnUsers": `[{"UserName":"jane"}]`}.row("DeviceInfo"), columns{"AccountUpn": "jane@acme.com"}.row("IdentityInfo"), columns{}.row("DeviceEvents")),
		logsOf(additional(columns{"InitiatingProcessPosixEffectiveUser": posixUser("root")}).row("DeviceFileEvents")),
		logsOf(graphJane.user("2026-03-15T08:00:00Z"), full("acme", "jane", janeSID, "jane@acme.com", entraID).row("DeviceProcessEvents")),
		logsOf(bodyOf(f, envelope("AlertInfo", jane)), bodyOf(f, envelope("AlertEvidence", jane)), bodyOf(f, jsonOf(f, envelope("DeviceEvents", jane)))),
		logsOf(slices.Collect(maps.Values(ways(f, "DeviceNetworkEvents", acting)))...),
	} {
		text, err := (&plog.JSONMarshaler{}).MarshalLogs(seed)
		require.NoError(f, err)
		f.Add(text, uint64(len(text)))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(text)
		if err != nil {
			return
		}
		h := newHarness(t, func(c *Config) {
			c.SemanticAttributes = seed%2 == 0
			c.Directories.MaxEntries = 1 + int(seed%3)
		})
		random := rand.New(rand.NewPCG(seed, 0))
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					scramble(random, record)
				}
			}
		}
		h.consumeLogs(t, logs)
	})
}

func TestRandomValuesInAnyColumn(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.SemanticAttributes = true })
	random := rand.New(rand.NewPCG(7, 11))
	for range 60 {
		var rows []plog.LogRecord
		for _, table := range append(tables.All(), tables.Users()) {
			row := newRow(table.Name, "", "{}")
			for _, column := range table.Schema.Columns {
				randomValue(random, row.Body().Map().PutEmpty(column.Name), 2)
			}
			// The same as the Streaming API would send it, and a broken envelope of it.
			streamed := bodyOf(t, envelope(table.Schema.Name, row.Body().Map().AsRaw()))
			broken := plog.NewLogRecord()
			streamed.CopyTo(broken)
			scramble(random, row)
			scramble(random, broken)
			rows = append(rows, row, streamed, broken)
		}
		h.consume(t, rows...)
	}
	require.Positive(t, h.count("mapped"))
}

// scramble gives some columns of a row a value of any type.
func scramble(random *rand.Rand, record plog.LogRecord) {
	if record.Body().Type() != pcommon.ValueTypeMap {
		return
	}
	for _, v := range record.Body().Map().All() {
		if random.IntN(4) == 0 {
			randomValue(random, v, 3)
		}
	}
	if random.IntN(4) == 0 {
		randomValue(random, record.Body().Map().PutEmpty(tables.AlertUsersColumn), 3)
	}
	for _, name := range []string{logrecord.AttributeUID, logrecord.AttributeLane, logrecord.AttributeTenantID, logrecord.AttributeSource, "category"} {
		if random.IntN(8) == 0 {
			randomValue(random, record.Attributes().PutEmpty(name), 1)
		}
	}
}

var randomTexts = []string{
	"", "null", "{}", "[]", "jane", `ACME\jane`, `\`, "@", "a@b", "$", "S-1-", "S-1-5-21-", "S-1-12-1-1-2-3-4", "s-1-5-18",
	`{"Recipient":1}`, `[{"UserName":{}},1]`, `{"InitiatingProcessPosixEffectiveUser":{"Name":["x"]}}`, "\xff\x00", "InboundX", "Smb", "Mail",
}

func randomValue(random *rand.Rand, v pcommon.Value, depth int) {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch random.IntN(kinds) {
	case 0:
		pcommon.NewValueEmpty().MoveTo(v)
	case 1:
		v.SetInt(random.Int64() - random.Int64())
	case 2:
		v.SetDouble(1 / (random.Float64() - 0.5) * float64(random.IntN(2)) / float64(random.IntN(2)))
	case 3:
		v.SetBool(random.IntN(2) == 0)
	case 4:
		v.SetEmptyBytes().FromRaw([]byte{1, 2})
	case 5:
		v.SetStr(randomTexts[random.IntN(len(randomTexts))])
	case 6:
		m := v.SetEmptyMap()
		for _, key := range []string{"UserName", "AccountName", "AccountUpn", "Sid", "Name"} {
			randomValue(random, m.PutEmpty(key), depth-1)
		}
	case 7:
		for range random.IntN(3) {
			randomValue(random, v.SetEmptySlice().AppendEmpty(), depth-1)
		}
	}
}
