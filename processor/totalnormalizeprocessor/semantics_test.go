package totalnormalizeprocessor

import (
	"testing"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/order"
)

var acting = initiating("acme", "jane", janeSID).and(columns{
	"InitiatingProcessId": 4711, "InitiatingProcessParentId": "42", "InitiatingProcessFileName": "powershell.exe",
	"InitiatingProcessFolderPath": `c:\windows\powershell.exe`, "InitiatingProcessCommandLine": "powershell -f x", "InitiatingProcessCreationTime": "2026-03-15T08:00:00.1Z",
})

// actorAttributes are those of acting, of the person and the device.
var actorAttributes = map[string]any{
	"host.id": "d1", "host.name": "ws-1.acme.local", "user.name": "jane", "user.id": janeSID,
	"process.pid": int64(4711), "process.parent_pid": int64(42), "process.executable.name": "powershell.exe",
	"process.executable.path": `c:\windows\powershell.exe`, "process.command_line": "powershell -f x",
	"process.creation.time": "2026-03-15T08:00:00.1Z", "process.owner": "jane",
}

func also(more map[string]any) map[string]any { return columns(actorAttributes).and(more) }

func TestSemanticAttributes(t *testing.T) {
	person := map[string]any{"host.id": "d1", "host.name": "ws-1.acme.local", "user.name": "jane", "user.id": janeSID}
	for name, c := range map[string]struct {
		table    string
		row      columns
		want     map[string]any
		severity plog.SeverityNumber
	}{
		"a logon": {
			"DeviceLogonEvents", acting.and(columns{"ActionType": "LogonSuccess", "RemoteIP": "10.0.5.22", "RemotePort": 3389, "RemoteDeviceName": "jump-1", "Protocol": "Kerberos", "FailureReason": "x"}),
			also(map[string]any{"client.address": "jump-1", "client.port": int64(3389), "network.peer.address": "10.0.5.22", "network.peer.port": int64(3389), "network.protocol.name": "kerberos"}), 0,
		},
		"a failed logon of no port": {
			"DeviceLogonEvents", jane.and(columns{"ActionType": "LogonFailed", "RemoteIP": "10.0.5.22", "RemotePort": 0, "FailureReason": "InvalidUserNameOrPassword"}),
			columns(person).and(map[string]any{"client.address": "10.0.5.22", "network.peer.address": "10.0.5.22", "error.type": "InvalidUserNameOrPassword"}), 0,
		},
		"a process": {
			"DeviceProcessEvents", jane.and(acting).and(columns{"ProcessId": 100, "FileName": "cmd.exe", "FolderPath": `C:\Windows\System32\cmd.exe`, "ProcessCommandLine": "cmd /c dir", "ProcessCreationTime": "2026-03-15T09:00:00Z"}),
			columns(person).and(map[string]any{"process.pid": int64(100), "process.parent_pid": int64(4711), "process.executable.name": "cmd.exe", "process.executable.path": `C:\Windows\System32\cmd.exe`, "process.command_line": "cmd /c dir", "process.creation.time": "2026-03-15T09:00:00Z", "process.owner": "jane"}), 0,
		},
		"a connection": {
			"DeviceNetworkEvents", acting.and(columns{"ActionType": "ConnectionSuccess", "LocalIP": "10.0.0.1", "LocalPort": 50000, "RemoteIP": "93.184.216.34", "RemotePort": "443", "RemoteUrl": "https://example.com:443/a?b", "Protocol": "Tcp"}),
			also(map[string]any{
				"network.local.address": "10.0.0.1", "network.local.port": int64(50000), "network.peer.address": "93.184.216.34", "network.peer.port": int64(443), "network.transport": "tcp", "network.type": "ipv4",
				"client.address": "10.0.0.1", "client.port": int64(50000), "server.address": "example.com", "server.port": int64(443), "url.full": "https://example.com:443/a?b",
			}), 0,
		},
		"a connection to a host": {
			"DeviceNetworkEvents", acting.and(columns{"ActionType": "ConnectionFailed", "RemoteIP": "2001:db8::1", "RemoteUrl": "example.com", "Protocol": "Udp"}),
			also(map[string]any{"network.peer.address": "2001:db8::1", "network.transport": "udp", "network.type": "ipv6", "server.address": "example.com"}), 0,
		},
		"a connection of no direction": {
			"DeviceNetworkEvents", acting.and(columns{"ActionType": "SslConnectionInspected", "LocalIP": "10.0.0.1", "LocalPort": 1, "RemoteIP": "10.0.0.2", "RemotePort": 2, "RemoteUrl": "example.com", "Protocol": "Icmp"}),
			also(map[string]any{
				"network.local.address": "10.0.0.1", "network.local.port": int64(1), "network.peer.address": "10.0.0.2", "network.peer.port": int64(2), "network.type": "ipv4",
				"source.address": "10.0.0.1", "source.port": int64(1), "destination.address": "10.0.0.2", "destination.port": int64(2),
			}), 0,
		},
		"a file": {
			"DeviceFileEvents", acting.and(columns{"FileName": "a.txt", "FolderPath": `C:\x\a.txt`, "FileSize": 0, "FileOriginUrl": "https://example.com/a.txt", "RequestSourceIP": "10.0.0.9", "RequestSourcePort": 445}),
			also(map[string]any{"file.name": "a.txt", "file.path": `C:\x\a.txt`, "file.size": int64(0), "url.full": "https://example.com/a.txt", "client.address": "10.0.0.9", "client.port": int64(445)}), 0,
		},
		"a file someone else asked for": {
			"DeviceFileEvents", requesting("Smb", "bob", bobSID).and(acting),
			also(map[string]any{"user.name": "bob", "user.id": bobSID}), 0,
		},
		"another event": {
			"DeviceEvents", acting.and(columns{"FileName": "x", "FolderPath": "/usr/bin", "RemoteUrl": "http://bad.example/x", "RemoteIP": "10.0.0.2"}),
			also(map[string]any{"file.name": "x", "file.path": "/usr/bin/x", "url.full": "http://bad.example/x", "server.address": "bad.example", "network.peer.address": "10.0.0.2"}), 0,
		},
		"a registry value": {"DeviceRegistryEvents", acting.and(columns{"RegistryKey": "HKLM"}), actorAttributes, 0},
		"an alert": {
			"Alerts", jane.and(columns{"AlertId": "a", "Title": "Bad", "Category": "Malware", "DetectionSource": "EDR", "Severity": "High", "FileName": "x.exe", "FolderPath": `C:\t`, "RemoteUrl": "evil.example", "RemoteIP": "10.0.0.2", "ProcessCommandLine": "x.exe"}),
			columns(person).and(map[string]any{
				"security_rule.name": "Bad", "security_rule.category": "Malware", "security_rule.ruleset.name": "EDR", "file.name": "x.exe", "file.path": `C:\t\x.exe`,
				"server.address": "evil.example", "network.peer.address": "10.0.0.2", "process.command_line": "x.exe",
			}), plog.SeverityNumberError,
		},
		"an alert of no known severity": {"Alerts", jane.and(columns{"Severity": "Unheard"}), person, 0},
		"odd values": {
			"DeviceNetworkEvents", acting.and(columns{"ActionType": columns{}, "LocalIP": []any{}, "LocalPort": "x", "RemoteIP": "no address", "RemotePort": -1, "RemoteUrl": "http://%zz", "Protocol": nil, "InitiatingProcessId": 1.5}),
			columns(withoutPID()).and(map[string]any{"network.peer.address": "no address", "destination.address": "no address", "url.full": "http://%zz"}), 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, func(c *Config) { c.SemanticAttributes = true })
			out := h.consume(t, c.row.row(c.table))
			require.Len(t, out, 1)
			assert.Equal(t, semconv.SchemaURL, out[0].ScopeLogs().At(0).SchemaUrl())
			assert.Equal(t, 3, out[0].Resource().Attributes().Len(), "the resource stays the person's")
			record := out[0].ScopeLogs().At(0).LogRecords().At(0)
			got := record.Attributes().AsRaw()
			delete(got, logrecord.AttributeTable)
			delete(got, logrecord.AttributeUID)
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.severity, record.SeverityNumber())
			assert.Empty(t, record.SeverityText())
		})
	}
}

func withoutPID() map[string]any {
	m := also(nil)
	delete(m, "process.pid")
	return m
}

func TestSemanticAttributesOfAPersonFoundElsewhere(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.SemanticAttributes = true })
	h.consume(t, columns{"LoggedOnUsers": `[{"UserName":"jane","DomainName":"acme","Sid":"` + janeSID + `"}]`}.row("DeviceInfo"))
	out := h.consume(t, columns{}.row("DeviceEvents"))
	attributes := out[0].ScopeLogs().At(0).LogRecords().At(0).Attributes().AsRaw()
	assert.Equal(t, "jane", attributes["user.name"])
	assert.Equal(t, janeSID, attributes["user.id"])
}

func TestSemanticAttributesAreOffByDefault(t *testing.T) {
	h := newHarness(t)
	out := h.consume(t, jane.and(acting).row("DeviceProcessEvents"))
	scope := out[0].ScopeLogs().At(0)
	assert.Equal(t, map[string]any{logrecord.AttributeTable: "DeviceProcessEvents", logrecord.AttributeUID: order.UIDOf(scope.LogRecords().At(0))}, scope.LogRecords().At(0).Attributes().AsRaw())
	assert.Empty(t, scope.SchemaUrl())
}
