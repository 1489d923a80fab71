package totalnormalizeprocessor

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// full is a row of which an account stands in full.
func full(domain, name, sid, upn, objectID string) columns {
	return account(domain, name, sid).and(columns{"AccountUpn": upn, "AccountObjectId": objectID})
}

// One person, named in four ways, is one: by what a single row shows of her.
func TestOnePersonHasOneTUID(t *testing.T) {
	ways := []columns{
		{"AccountUpn": "JANE@acme.com"},
		account("ACME", "jane", ""),
		account("", "", janeSID),
		{"AccountObjectId": entraID},
		account("AzureAD", "JaneDoe", entra), // its SID contains the object id
	}
	lesson := full("acme", "jane", janeSID, "jane@acme.com", entraID)
	asOne := func(t *testing.T, h *harness, rows ...columns) {
		t.Helper()
		var call []plog.LogRecord
		for _, way := range ways {
			call = append(call, way.row("DeviceProcessEvents"))
		}
		for _, r := range rows {
			call = append(call, r.row("DeviceProcessEvents"))
		}
		out := h.consume(t, call...)
		require.Len(t, out, 1, "one person's events stand together")
		assert.Equal(t, len(call), out[0].ScopeLogs().At(0).LogRecords().Len())
	}
	t.Run("from a row of the same call", func(t *testing.T) { asOne(t, newHarness(t), lesson) })
	t.Run("from a row of an earlier call", func(t *testing.T) {
		h := newHarness(t)
		h.consume(t, lesson.row("DeviceProcessEvents"))
		asOne(t, h)
	})
	t.Run("from two rows that know a part each", func(t *testing.T) {
		asOne(t, newHarness(t),
			full("acme", "jane", janeSID, "jane@acme.com", ""), full("AzureAD", "JaneDoe", entra, "jane@acme.com", ""))
	})
	t.Run("by the mapping of a SID alone", func(t *testing.T) {
		mapping := filepath.Join(t.TempDir(), "tuids.csv")
		writeMapping(t, mapping, janeSID+",t-jane\n", time.Now())
		h := newHarness(t, func(c *Config) { c.TUID.MappingFile = mapping })
		asOne(t, h, lesson)
		tuid, _ := h.sink.AllLogs()[0].ResourceLogs().At(0).Resource().Attributes().Get("total.tuid")
		assert.Equal(t, "t-jane", tuid.Str())
		require.NoError(t, os.Remove(mapping))
	})
	t.Run("after a restart", func(t *testing.T) {
		keeper := openFileStorage(t, t.TempDir())
		defer func() { require.NoError(t, keeper.Shutdown(t.Context())) }()
		for run := range 2 {
			cfg := validConfig()
			cfg.StorageID = &storageID
			p, err := newProcessor(nopSettings(), cfg, consumertest.NewNop(), time.Now)
			require.NoError(t, err)
			require.NoError(t, p.start(t.Context(), collector.Extensions{storageID: keeper}))
			if run == 0 {
				_, err = p.processLogs(t.Context(), logsOf(lesson.row("DeviceProcessEvents")))
				require.NoError(t, err)
			} else {
				require.NotNil(t, p.directories.Identify(accountOf(ways[2]), row.Device{}).Identity)
			}
			require.NoError(t, p.shutdown(t.Context()))
		}
	})
}

func TestWhatRowsDoNotTeach(t *testing.T) {
	const upn = "mallory@acme.com"
	for name, c := range map[string]struct{ row, asked columns }{
		"a local account elsewhere":        {full("WS-1", "jane", janeSID, upn, ""), account("", "", janeSID).and(columns{"DeviceId": "d2"})},
		"one of the device's full name":    {full("ws-1.acme.local", "jane", janeSID, upn, entraID), account("", "", janeSID).and(columns{"DeviceId": "d2"})},
		"one of a device without name":     {full("acme", "jane", janeSID, upn, "").and(columns{"DeviceName": ""}), account("", "", janeSID)},
		"one without domain":               {full("", "jane", janeSID, upn, ""), account("", "", janeSID)},
		"a name at a device without name":  {full("acme", "jane", "", upn, "").and(columns{"DeviceName": ""}), account("acme", "jane", "")},
		"a built-in account":               {full("acme", "admin", "S-1-5-21-1-2-3-500", upn, ""), account("", "", "S-1-5-21-1-2-3-500")},
		"a machine":                        {full("acme", "WS-9$", janeSID, upn, ""), account("", "", janeSID)},
		"an Entra SID of another id":       {full("AzureAD", "jane", entra, upn, "00000000-0000-0000-0000-000000000001"), account("", "", entra)},
		"a broken object id":               {full("acme", "jane", janeSID, upn, "x"), account("", "", janeSID)},
		"a name of the Entra tenant":       {full("AzureAD", "jane", entra, upn, ""), account("AzureAD", "jane", "").and(columns{"DeviceId": "d2"})},
		"what is no UPN":                   {full("acme", "jane", janeSID, "mallory", ""), account("", "", janeSID)},
		"another SID of the name":          {full("acme", "jane", bobSID, upn, ""), account("acme", "jane", janeSID)},
		"who two rows say it is":           {full("acme", "jane", janeSID, upn, "").and(initiating("acme", "jane", janeSID)).and(columns{"InitiatingProcessAccountUpn": "jane@acme.com"}), account("", "", janeSID)},
		"whose name two rows say it is":    {full("acme", "x", janeSID, upn, "").and(initiating("acme", "x", bobSID)).and(columns{"InitiatingProcessAccountUpn": "x@acme.com"}), account("acme", "x", "")},
		"whose object id two rows say":     {full("acme", "x", "", upn, entraID).and(columns{"InitiatingProcessAccountObjectId": entraID, "InitiatingProcessAccountUpn": "x@acme.com"}), columns{"AccountObjectId": entraID}},
		"the accounts of another row part": {full("acme", "jane", "", "", "").and(columns{"InitiatingProcessAccountUpn": upn, "InitiatingProcessAccountSid": bobSID}), account("acme", "jane", "")},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.consume(t, c.row.row("DeviceProcessEvents"))
			assert.NotEqual(t, upn, h.user(t, c.asked.row("DeviceProcessEvents")))
		})
	}
}

func TestMachinesTakeNoRoom(t *testing.T) {
	h := newHarness(t)
	h.consume(t, full("acme", "WS-9$", janeSID, "ws-9$@acme.com", entraID).row("DeviceProcessEvents"))
	assert.InDelta(t, 0, h.gauge(t, "directory_entries", ofDirectory("rows")), 0)
}

// Whatever rows say, IdentityInfo and Users know better, before and after.
func TestDirectoriesWinOverRows(t *testing.T) {
	forged := full("acme", "jane", janeSID, "mallory@acme.com", entraID)
	for name, directory := range map[string]plog.LogRecord{
		"IdentityInfo": columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID, "AccountObjectId": entraID, "AccountDomain": "acme.local", "AccountName": "jane"}.row("IdentityInfo"),
		"Users":        graphJane.user("2026-03-15T08:00:00Z"),
	} {
		for _, order := range [][]plog.LogRecord{{directory, forged.row("DeviceProcessEvents")}, {forged.row("DeviceProcessEvents"), directory}} {
			h := newHarness(t)
			for _, row := range order {
				h.consume(t, row)
			}
			for _, asked := range []columns{account("", "", janeSID), account("acme", "jane", ""), {"AccountObjectId": entraID}} {
				assert.Equal(t, "jane@acme.com", h.user(t, asked.row("DeviceProcessEvents")), name)
			}
		}
	}
}

// Where IdentityInfo knows a person without UPN, rows may tell it.
func TestRowsTellWhatDirectoriesLack(t *testing.T) {
	h := newHarness(t)
	h.consume(t, full("acme", "jane", janeSID, "jane@acme.com", "").row("DeviceProcessEvents"))
	h.consume(t, columns{"AccountObjectId": entraID, "OnPremSid": janeSID}.row("IdentityInfo"))
	assert.Equal(t, "jane@acme.com", h.user(t, columns{"AccountObjectId": entraID}.row("DeviceProcessEvents")))
}

func TestRenamedAccountIsStillOnePerson(t *testing.T) {
	h := newHarness(t)
	at := func(at, name, sid string) plog.LogRecord {
		return full("acme", name, sid, "jane@acme.com", "").and(columns{"Timestamp": at}).row("DeviceProcessEvents")
	}
	h.consume(t, at("2026-03-15T09:00:00Z", "jane.new", bobSID), at("2026-03-15T08:00:00Z", "jane.old", janeSID))
	assert.Equal(t, "jane@acme.com", h.user(t, account("acme", "jane.new", "").row("DeviceLogonEvents")), "the newer name counts, whenever its row comes")
	assert.Equal(t, `acme\jane.old`, h.user(t, account("acme", "jane.old", "").row("DeviceLogonEvents")))
	assert.InDelta(t, 1, h.gauge(t, "directory_entries", ofDirectory("rows")), 0)
}
