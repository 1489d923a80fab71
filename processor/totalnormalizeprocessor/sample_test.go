package totalnormalizeprocessor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

const (
	sampleUID = "0b4b8a53-8b5c-5c0e-9f55-2f9d3c1c7a10"
	// sampleEvent has the documented keys in the documented order.
	sampleEvent = `{"event_id":"` + sampleUID + `","event_type":"AUTH","source":"DEFENDER_ENDPOINT","signal_type":"ENDPOINT","domain_id":"customer-domain-001","tuid":"tuid-jane-doe-001","timestamp":"2026-03-15T08:45:12.000Z","payload":{"user":"jane.doe@acme.com","action":"LogonSuccess","logon_type":"RemoteInteractive","device":"ACME-WS-001.acme.local","remote_device":"ACME-JUMP-001","remote_ip":"10.0.5.22","protocol":"RDP","is_local_admin":false},"raw_metadata":{"platform_event_id":"98765432","action_type":"LogonSuccess","logon_type":"RemoteInteractive","device_id":"device-id-001","device_name":"ACME-WS-001.acme.local","account_domain":"ACME","account_name":"jane.doe","account_sid":"S-1-5-21-1234567890-1234567890-1234567890-1001","is_local_admin":false,"remote_device_name":"ACME-JUMP-001","remote_ip":"10.0.5.22","remote_ip_type":"Private","remote_port":3389,"protocol":"RDP","logon_id":12345678,"created_at":"2026-03-15T08:45:12.000Z","source_platform":"defender_endpoint"},"platform_event_id":"98765432","platform_event_source":"DEFENDER_XDR_ADVANCED_HUNTING_API"}`
)

// sampleRow is the documented one.
func sampleRow(tb testing.TB) string {
	tb.Helper()
	row, err := os.ReadFile(filepath.Join("..", "..", "testdata", "DeviceLogonEvents.row.json"))
	require.NoError(tb, err)
	return string(row)
}

func TestSamplePair(t *testing.T) {
	mapping := filepath.Join(t.TempDir(), "tuids.csv")
	require.NoError(t, os.WriteFile(mapping, []byte("user,tuid\nJane.Doe@acme.com,tuid-jane-doe-001\n"), 0o600))
	h := newHarness(t, func(c *Config) { c.TUID.MappingFile = mapping })
	row := newRow("DeviceLogonEvents", sampleUID, sampleRow(t))
	row.SetObservedTimestamp(1234)
	row.Attributes().PutStr("microsoft.defender.ingestion_time", "2026-03-15T08:49:00Z")

	out := h.consume(t, row)

	require.Len(t, out, 1)
	assert.Equal(t, map[string]any{
		"microsoft.defender.tenant_id": "tenant-1", "total.domain_id": testDomain, "total.tuid": "tuid-jane-doe-001",
	}, out[0].Resource().Attributes().AsRaw())
	record := out[0].ScopeLogs().At(0).LogRecords().At(0)
	assert.Equal(t, sampleEvent, orderedJSON(t, record.Body()))
	assert.Equal(t, row.Timestamp(), record.Timestamp())
	assert.Equal(t, pcommon.Timestamp(1234), record.ObservedTimestamp())
	assert.Equal(t, "microsoft.defender.device_logon_events", record.EventName())
	assert.Equal(t, row.Attributes().AsRaw(), record.Attributes().AsRaw())
}
