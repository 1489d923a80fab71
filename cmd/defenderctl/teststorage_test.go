package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
)

const exportPrefix = "insights-logs-advancedhunting-"

// accountUnderTest is a storage account whose clock is off, with Entra ID before it.
type accountUnderTest struct {
	*defendersim.Server
	ahead atomic.Int64
	wrote string // the blob that was written last
}

func newAccountUnderTest(t *testing.T) *accountUnderTest {
	t.Helper()
	a := &accountUnderTest{}
	a.Server = testbed.StartEmulator(t, defendersim.Options{
		StorageListen: "127.0.0.1:0", Now: func() time.Time { return time.Now().Add(time.Duration(a.ahead.Load())) },
	})
	a.SetClientSecret(secret)
	return a
}

// write appends a line to a table's blob of some time ago, at that time.
func (a *accountUnderTest) write(table string, ago time.Duration) {
	a.ahead.Store(int64(-ago))
	defer a.ahead.Store(0)
	at := time.Now().Add(-ago).UTC()
	a.wrote = "tenantId=" + a.TenantID + "/" + at.Format("y=2006/m=01/d=02/h=15") + "/m=00/PT1H.json"
	a.Storage().Append(exportPrefix+strings.ToLower(table), a.wrote, []byte("{}\r\n"))
}

// flags name the account as a user would.
func (a *accountUnderTest) flags(t *testing.T, sets ...string) []string {
	t.Helper()
	args := []string{"test", "--config", a.config(t, "/var/lib/x")}
	for _, set := range sets {
		args = append(args, "--set", set)
	}
	return args
}

// config is a configuration file that keeps its cursors in a directory.
func (a *accountUnderTest) config(t *testing.T, directory string) string {
	t.Helper()
	return configFile(t, fmt.Sprintf(`
extensions: {file_storage: {directory: %[6]s}}
receivers:
  defender_storage:
    account_url: %[5]s
    tls: {ca_file: %[2]s}
    credentials: &credentials
      authority: %[1]s
      tenant_id: %[3]s
      client_id: %[4]s
      client_secret: ${env:DEFENDERCTL_TEST_SECRET}
    storage: file_storage
  defender:
    endpoint: %[1]s
    tls: {ca_file: %[2]s}
    credentials: *credentials
    storage: file_storage
exporters: {nop: {}}
service:
  pipelines: {logs: {receivers: [defender_storage], exporters: [nop]}}
`, a.URL(), a.CAFile(), a.TenantID, a.ClientID, a.StorageURL(), directory))
}

func TestStorageAccountThatIsFine(t *testing.T) {
	a := newAccountUnderTest(t)
	for _, table := range []string{"DeviceLogonEvents", "DeviceProcessEvents"} {
		a.write(table, 3*time.Hour)
		a.write(table, time.Minute)
	}
	result, status := outcomeOf(t, a.flags(t))
	text := result.Text()
	assert.Zero(t, status, text)
	for _, c := range result.Checks {
		assert.Equal(t, diagnosis.Fine, c.Severity, "%+v", c)
	}
	for _, name := range []string{"connect", "tls", "token", "list", "read", "clock", "export"} {
		find(t, result, name, "")
	}
	assert.Contains(t, find(t, result, "container", "DeviceLogonEvents").Detail, "2 blobs, 8 B")
	missing := find(t, result, "tables", "")
	assert.Contains(t, missing.Detail, "DeviceFileEvents")
	assert.Contains(t, missing.Remedy, "Streaming API")
	sent := 0
	for _, call := range a.Storage().Calls() {
		switch call.Method {
		case http.MethodGet:
			sent++
		case http.MethodHead: // the way to the host, without a token
		default:
			assert.Fail(t, "a method that writes", call.Method)
		}
	}
	assert.Equal(t, 5, sent, "a list of containers, a list and a read of each container")
	assert.Equal(t, sent, result.Export.Requests, "what it says that it has sent")
	t.Log("\n" + text)
}

func TestStorageAccountThatIsNot(t *testing.T) {
	strike := func(kind blobs.Kind, operation blobs.Operation) func(*accountUnderTest) {
		return func(a *accountUnderTest) { a.Storage().Strike(-1, blobs.Fault{Kind: kind, Operation: operation}) }
	}
	for name, test := range map[string]struct {
		change  func(*accountUnderTest)
		sets    []string
		check   string // and its subject, where it is a container's
		subject string
		outcome diagnosis.Outcome
		status  int
		remedy  string
	}{
		"an owner's role": {
			change: strike(blobs.NoRole, blobs.Read),
			check:  "read", outcome: diagnosis.NoPermission, status: 2, remedy: "Storage Blob Data Reader",
		},
		"no role": {
			change: strike(blobs.NoRole, ""),
			check:  "list", outcome: diagnosis.NoPermission, status: 2, remedy: "name those in 'containers'",
		},
		"a role on one container": {
			change: func(a *accountUnderTest) {
				a.Storage().Strike(-1, blobs.Fault{Kind: blobs.NoRole, Container: exportPrefix + "deviceevents"})
				a.write("DeviceEvents", time.Minute)
			},
			check: "container", subject: "DeviceEvents", outcome: diagnosis.NoPermission, status: 1, remedy: "Storage Blob Data Reader",
		},
		"no role, and containers that are named": {
			change: strike(blobs.NoRole, ""), sets: []string{"receivers.defender_storage.containers=[" + exportPrefix + "devicelogonevents]"},
			check: "read", outcome: diagnosis.NoPermission, status: 2, remedy: "Storage Blob Data Reader",
		},
		"a firewall": {
			change: strike(blobs.Firewall, ""),
			check:  "list", outcome: diagnosis.NoPermission, status: 2, remedy: "Networking of the storage account",
		},
		"another tenant's account": {
			change: strike(blobs.Unauthorized, ""),
			check:  "list", outcome: diagnosis.Credentials, status: 2, remedy: "account_url",
		},
		"an outage": {
			change: strike(blobs.Busy, ""),
			check:  "list", outcome: diagnosis.ServiceFailed, status: 1, remedy: "wait",
		},
		"a container in trouble": {
			change: func(a *accountUnderTest) {
				a.Storage().Strike(-1, blobs.Fault{Kind: blobs.Busy, Container: exportPrefix + "deviceevents"})
				a.write("DeviceEvents", time.Minute)
			},
			check: "container", subject: "DeviceEvents", outcome: diagnosis.ServiceFailed, status: 1, remedy: "wait",
		},
		"no export": {
			sets:  []string{"receivers.defender_storage.exclude_containers=[" + exportPrefix + "devicelogonevents]"},
			check: "export", outcome: diagnosis.NoContainer, status: 1, remedy: "names this account, with tables ticked",
		},
		"an export that is switched off": {
			change: func(a *accountUnderTest) {
				a.Storage().Remove(exportPrefix+"devicelogonevents", a.wrote)
				a.write("DeviceLogonEvents", 70*time.Hour)
			},
			check: "export", outcome: diagnosis.Stale, status: 1, remedy: "trusted Microsoft services",
		},
		"a table that fell silent": {
			change: func(a *accountUnderTest) { a.write("DeviceEvents", 70*time.Hour) },
			check:  "container", subject: "DeviceEvents", outcome: diagnosis.Stale, status: 1, remedy: "still ticked",
		},
		"a container that is missing": {
			sets:  []string{"receivers.defender_storage.containers=[" + exportPrefix + "devicelogonevents, " + exportPrefix + "deviceevents]"},
			check: "container", subject: "DeviceEvents", outcome: diagnosis.NoContainer, status: 1, remedy: "take it out of 'containers'",
		},
		"another tenant's blobs": {
			sets:  []string{"receivers.defender_storage.tenants=[11111111-2222-4333-8444-000000000009, 11111111-2222-4333-8444-000000000008]"},
			check: "container", subject: "DeviceLogonEvents", outcome: diagnosis.Empty, status: 1, remedy: "check 'tenants'",
		},
		"wrong secret": {
			change: func(a *accountUnderTest) { a.SetClientSecret("another") },
			check:  "token", outcome: diagnosis.Credentials, status: 2, remedy: "use the secret's value, not its id",
		},
		"wrong clock": {
			change: func(a *accountUnderTest) { a.ahead.Store(int64(3 * time.Minute)) },
			check:  "clock", outcome: diagnosis.WrongClock, status: 1, remedy: "NTP",
		},
		"no name": {
			sets:  []string{"receivers.defender_storage.account_url=https://nowhere.invalid"},
			check: "dns", outcome: diagnosis.Unresolved, status: 2, remedy: "check this machine's DNS and 'account_url'",
		},
		"connection refused": {
			sets:  []string{"receivers.defender_storage.account_url=https://127.0.0.1:1/account"},
			check: "connect", subject: "127.0.0.1:1", outcome: diagnosis.Unreachable, status: 2, remedy: "allow connections to 127.0.0.1:1 in the firewall",
		},
		"private CA missing": {
			sets:  []string{"receivers.defender_storage.tls.ca_file="},
			check: "tls", outcome: diagnosis.Untrusted, status: 2, remedy: "name the CA's file in tls::ca_file",
		},
		"settings that the collector refuses": {
			sets:  []string{"receivers.defender_storage.concurrency=0"},
			check: "settings", outcome: diagnosis.BadSettings, status: 2, remedy: "mend",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccountUnderTest(t)
			a.write("DeviceLogonEvents", time.Minute)
			if test.change != nil {
				test.change(a)
			}
			result, status := outcomeOf(t, a.flags(t, test.sets...))
			text := result.Text()
			found := find(t, result, test.check, test.subject)
			assert.Equal(t, test.outcome, found.Outcome, text)
			assert.Equal(t, test.status, status, text)
			assert.Contains(t, found.Remedy, test.remedy, text)
			assert.NotContains(t, text, secret)
			t.Log("\n" + text)
		})
	}
}

// Where all containers are refused, the others are left alone: each request is billed, and one cause is one message.
func TestManyContainersWithoutARole(t *testing.T) {
	a := newAccountUnderTest(t)
	for i := range 20 {
		a.write(fmt.Sprintf("Table%02d", i), time.Minute)
	}
	a.Storage().Strike(-1, blobs.Fault{Kind: blobs.NoRole, Operation: blobs.Read})
	result, status := outcomeOf(t, a.flags(t))
	assert.Equal(t, 2, status)
	assert.Equal(t, 1+3*2, result.Export.Requests)
	assert.Contains(t, find(t, result, "containers", "").Detail, "17 more containers")
}

// Both receivers of a configuration are tested, and each can be named.
func TestBothReceiversAreTested(t *testing.T) {
	a := newAccountUnderTest(t)
	a.write("DeviceLogonEvents", time.Minute)
	args := a.flags(t, "service.pipelines.logs.receivers=[defender, defender_storage]")
	output, _ := run(t, append(args, "--output", "json")...)
	var all testResults
	require.NoError(t, json.Unmarshal([]byte(output), &all), output)
	require.Len(t, all.Receivers, 2)
	assert.Equal(t, []string{"defender", "defender_storage"}, []string{all.Receivers[0].Receiver, all.Receivers[1].Receiver})
	assert.Nil(t, all.Receivers[0].Export)
	require.NotNil(t, all.Receivers[1].Export)
	result, status := outcomeOf(t, append(args, "--receiver", "defender_storage"))
	assert.Zero(t, status, result.Text())
}
