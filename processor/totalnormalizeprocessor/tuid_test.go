package totalnormalizeprocessor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func writeMapping(tb testing.TB, path, content string, at time.Time) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(path, []byte(content), 0o600))
	require.NoError(tb, os.Chtimes(path, at, at))
}

func TestMappingIsAskedInOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tuids.csv")
	identity := columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID, "AccountObjectId": "o1", "AccountDomain": "acme.local", "AccountName": "jane"}
	for _, c := range []struct{ mapping, want string }{
		{"JANE@acme.com,upn\n" + janeSID + ",sid\nacme\\jane,name\n", "upn"},
		{strings.ToLower(janeSID) + ",sid\nACME\\Jane,name\n", "sid"},
		{"ACME\\Jane,name\n", "name"},
		{"acme.local\\jane,directory-name\n", "directory-name"},
		{"bob,other\n", ""},
	} {
		writeMapping(t, path, c.mapping, time.Now())
		h := newHarness(t, func(cfg *Config) { cfg.TUID = TUIDConfig{MappingFile: path, Unmapped: UnmappedEmpty} })
		h.consume(t, identity.row("IdentityInfo"))
		tuid, ok := h.event(t, jane.row("DeviceLogonEvents")).Get("tuid")
		require.True(t, ok)
		assert.Equal(t, c.want, tuid.Str())
	}
}

func TestUnmapped(t *testing.T) {
	t.Run("drop", func(t *testing.T) {
		h := newHarness(t, func(c *Config) { c.TUID.Unmapped = UnmappedDrop })
		assert.Equal(t, "[unmapped]", h.user(t, jane.row("DeviceLogonEvents")))
	})
	t.Run("empty", func(t *testing.T) {
		h := newHarness(t, func(c *Config) { c.TUID.Unmapped = UnmappedEmpty })
		out := h.consume(t, jane.row("DeviceLogonEvents"), account("ACME", "JANE", janeSID).row("DeviceLogonEvents"), account("acme", "bob", "").row("DeviceLogonEvents"))
		require.Len(t, out, 2)
		assert.Equal(t, map[string]any{"microsoft.defender.tenant_id": "tenant-1", "total.domain_id": testDomain, "user.name": `acme\jane`}, out[0].Resource().Attributes().AsRaw())
		assert.Equal(t, 2, out[0].ScopeLogs().At(0).LogRecords().Len())
		tuid, ok := out[0].ScopeLogs().At(0).LogRecords().At(0).Body().Map().Get("tuid")
		require.True(t, ok, "the key is always there")
		assert.Equal(t, pcommon.NewValueStr(""), tuid)
	})
}

func TestPeopleOfOneNameAreKeptApart(t *testing.T) {
	h := newHarness(t)
	other := strings.TrimSuffix(entra, "218") + "219"
	out := h.consume(t,
		account("AzureAD", "JaneDoe", entra).row("DeviceLogonEvents"),
		account("AzureAD", "JaneDoe", other).row("DeviceLogonEvents"),
		columns{"AccountObjectId": entraID}.row("DeviceProcessEvents"),
		account("", "jane", janeSID).row("DeviceLogonEvents"),
		account("", "jane", bobSID).row("DeviceLogonEvents"))
	require.Len(t, out, 4, "two JaneDoe, two jane")
	var first []string
	for _, record := range out[0].ScopeLogs().At(0).LogRecords().All() {
		first = append(first, payloadUser(record.Body().Map()))
	}
	assert.ElementsMatch(t, []string{`AzureAD\JaneDoe`, entraID}, first, "an Entra SID and its object id are one")
}
