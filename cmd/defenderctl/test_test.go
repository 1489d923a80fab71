package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
)

// tenantUnderTest is a tenant in which every table has recent rows.
func tenantUnderTest(t *testing.T, change func(*defendersim.Options)) *defendersim.Server {
	t.Helper()
	cfg := tenant.DefaultConfig()
	cfg.RowsPerDay, cfg.History = 4_000, 24*time.Hour
	o := defendersim.Options{Tenant: &cfg}
	if change != nil {
		change(&o)
	}
	return testbed.StartEmulator(t, o)
}

// flagsFor names an emulator as a user would, and lays settings over it.
func flagsFor(t *testing.T, sim *defendersim.Server, sets ...string) []string {
	t.Helper()
	path := configFile(t, fmt.Sprintf(`
extensions: {file_storage: {directory: /var/lib/x}}
receivers:
  defender:
    endpoint: %[1]s
    tls: {ca_file: %[2]s}
    credentials:
      authority: %[1]s
      tenant_id: %[3]s
      client_id: %[4]s
      client_secret: ${env:DEFENDERCTL_TEST_SECRET}
    storage: file_storage
exporters: {nop: {}}
service:
  pipelines: {logs: {receivers: [defender], exporters: [nop]}}
`, sim.URL(), sim.CAFile(), sim.TenantID, sim.ClientID))
	sim.SetClientSecret(secret)
	args := []string{"test", "--config", path}
	for _, set := range sets {
		args = append(args, "--set", set)
	}
	return args
}

// outcomeOf runs a test and gives what it found, by the checks' names and subjects.
func outcomeOf(t *testing.T, args []string) (result *diagnosis.Result, status int) {
	t.Helper()
	output, status := run(t, append(args, "--output", "json")...)
	var all struct {
		Receivers []*diagnosis.Result `json:"receivers"`
	}
	require.NoError(t, json.Unmarshal([]byte(output), &all), output)
	require.Len(t, all.Receivers, 1)
	assert.Equal(t, status, int(all.Receivers[0].Severity))
	return all.Receivers[0], status
}

// find is the check of a name that is not fine, or the one of the subject.
func find(t *testing.T, r *diagnosis.Result, name, subject string) diagnosis.Check {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name && (subject == "" || c.Subject == subject) {
			return c
		}
	}
	require.Fail(t, "there is no check "+name+" "+subject)
	return diagnosis.Check{}
}

func TestConnectionThatIsFine(t *testing.T) {
	sim := tenantUnderTest(t, nil)
	result, status := outcomeOf(t, flagsFor(t, sim))
	for _, c := range result.Checks {
		assert.Equal(t, diagnosis.Fine, c.Severity, "%+v", c)
	}
	assert.Zero(t, status)
	require.NotNil(t, result.Devices)
	assert.Positive(t, *result.Devices)
	require.NotNil(t, result.RecentEvents)
	assert.Positive(t, *result.RecentEvents)
	assert.Equal(t, 11, result.Queries)
	sent := int64(0)
	for _, call := range sim.Report().Calls {
		if strings.Contains(call.Path, "runHuntingQuery") {
			sent += call.Count
		}
	}
	assert.Equal(t, sent, int64(result.Queries), "what it says that it has spent")
	t.Log("\n" + result.Text())
}

func TestConnectionThatIsNot(t *testing.T) {
	for name, test := range map[string]struct {
		sim     func(*defendersim.Options)
		started func(*defendersim.Server)
		sets    []string
		check   string // and its subject, where it is a table's
		subject string
		outcome diagnosis.Outcome
		status  int
		remedy  string
	}{
		"wrong secret": {
			started: func(s *defendersim.Server) { s.SetClientSecret("another") },
			check:   "token", outcome: diagnosis.Credentials, status: 2, remedy: "use the secret's value, not its id",
		},
		"expired secret": {
			started: (*defendersim.Server).ExpireClientSecret,
			check:   "token", outcome: diagnosis.Credentials, status: 2, remedy: "create a new one",
		},
		"wrong tenant": {
			sets:  []string{"receivers.defender.credentials.tenant_id=11111111-2222-4333-8444-000000000001"},
			check: "token", outcome: diagnosis.Credentials, status: 2, remedy: "check tenant_id",
		},
		"wrong client": {
			sets:  []string{"receivers.defender.credentials.client_id=aaaaaaaa-bbbb-4ccc-8ddd-000000000001"},
			check: "token", outcome: diagnosis.Credentials, status: 2, remedy: "check client_id",
		},
		"missing permission": {
			sim:   func(o *defendersim.Options) { o.Roles = []string{"Machine.Read.All"} },
			check: "roles", outcome: diagnosis.NoPermission, status: 2, remedy: "ThreatHunting.Read.All and admin consent",
		},
		"missing permission of users": {
			sim:   func(o *defendersim.Options) { o.Roles = []string{defendersim.RoleGraph} },
			sets:  []string{"receivers.defender.tables.Users.enabled=true"},
			check: "roles", outcome: diagnosis.NoPermission, status: 1, remedy: "User.Read.All and admin consent",
		},
		"table not in plan": {
			sim:   func(o *defendersim.Options) { o.WithoutTables = []string{"DeviceRegistryEvents"} },
			check: "table", subject: "DeviceRegistryEvents", outcome: diagnosis.NotInPlan, status: 1, remedy: "tables::DeviceRegistryEvents::enabled: false",
		},
		"no table in plan": {
			sim: func(o *defendersim.Options) {
				o.WithoutTables = []string{
					"DeviceRegistryEvents", "DeviceLogonEvents", "DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents",
					"DeviceEvents", "AlertInfo", "AlertEvidence", "DeviceInfo", "IdentityInfo",
				}
			},
			check: "tables", outcome: diagnosis.Failed, status: 2,
		},
		"throttled": {
			started: func(s *defendersim.Server) { s.SetFaults(defendersim.Fault{Kind: "429", Rate: 1}) },
			check:   "query", outcome: diagnosis.Throttled, status: 1, remedy: "wait 10s",
		},
		"throttled at a table": {
			started: func(s *defendersim.Server) {
				s.SetFaults(defendersim.Fault{Kind: "429cpu", Rate: 1, Table: "DeviceEvents"})
			},
			check: "table", subject: "DeviceEvents", outcome: diagnosis.Throttled, status: 1, remedy: "quota::share",
		},
		"an outage": {
			started: func(s *defendersim.Server) { s.SetFaults(defendersim.Fault{Kind: "503", Rate: 1}) },
			check:   "query", outcome: diagnosis.ServiceFailed, status: 1, remedy: "wait",
		},
		"wrong clock": {
			sim:   func(o *defendersim.Options) { o.Now = func() time.Time { return time.Now().Add(10 * time.Minute) } },
			check: "clock", outcome: diagnosis.WrongClock, status: 1, remedy: "NTP",
		},
		"no name": {
			sets:  []string{"receivers.defender.endpoint=https://nowhere.invalid"},
			check: "dns", outcome: diagnosis.Unresolved, status: 2, remedy: "check this machine's DNS and 'endpoint'",
		},
		"connection refused": {
			sets:  []string{"receivers.defender.credentials.authority=https://127.0.0.1:1"},
			check: "connect", outcome: diagnosis.Unreachable, status: 2, remedy: "allow connections to 127.0.0.1:1 in the firewall",
		},
		"private CA missing": {
			sets:  []string{"receivers.defender.tls.ca_file="},
			check: "tls", outcome: diagnosis.Untrusted, status: 2, remedy: "name the CA's file in tls::ca_file",
		},
		"TLS not checked": {
			sets:  []string{"receivers.defender.tls.insecure_skip_verify=true"},
			check: "tls", outcome: diagnosis.Untrusted, status: 1, remedy: "remove tls::insecure_skip_verify",
		},
		"legacy API that has ended": {
			sim:   func(o *defendersim.Options) { o.RetiredLegacy = true },
			sets:  []string{"receivers.defender.api=legacy"},
			check: "query", outcome: diagnosis.WrongService, status: 2, remedy: "set api: graph",
		},
		"another cloud": {
			sets:  []string{"receivers.defender.cloud=us_government"},
			check: "query", outcome: diagnosis.Credentials, status: 2, remedy: "cloud",
		},
		"endpoint of another service": {
			sets:  []string{"receivers.defender.endpoint=ENDPOINT/elsewhere"},
			check: "query", outcome: diagnosis.WrongService, status: 2, remedy: "check 'endpoint'",
		},
		"unknown column": {
			sets:  []string{"receivers.defender.tables.DeviceEvents.columns=[BrandNewColumn]"},
			check: "table", subject: "DeviceEvents", outcome: diagnosis.UnknownColumn, status: 1, remedy: "tables::DeviceEvents::columns",
		},
		"bad filter": {
			sets:  []string{"receivers.defender.tables.DeviceEvents.filter=ActionType"},
			check: "table", subject: "DeviceEvents", outcome: diagnosis.BadQuery, status: 1, remedy: "tables::DeviceEvents::filter",
		},
		"empty table": {
			sets:  []string{`receivers.defender.tables.DeviceEvents.filter=DeviceName == "none"`},
			check: "table", subject: "DeviceEvents", outcome: diagnosis.Empty, status: 1, remedy: "tables::DeviceEvents::filter",
		},
		"no arrival time": {
			sim:   func(o *defendersim.Options) { o.NoIngestionTime = true },
			check: "table", subject: "DeviceEvents", outcome: diagnosis.NoArrival, status: 0,
		},
		"no arrival time, which is asked for": {
			sim:   func(o *defendersim.Options) { o.NoIngestionTime = true },
			sets:  []string{"receivers.defender.late_arrival.mode=ingestion_time"},
			check: "table", subject: "Alerts", outcome: diagnosis.NoArrival, status: 1, remedy: "late_arrival::mode: auto",
		},
		"settings that the collector refuses": {
			sets:  []string{"receivers.defender.cloud=mars"},
			check: "settings", outcome: diagnosis.BadSettings, status: 2, remedy: "mend",
		},
		"a secret file that is not there": {
			sets:  []string{"receivers.defender.credentials.client_secret=", "receivers.defender.credentials.client_secret_file=/does/not/exist"},
			check: "settings", outcome: diagnosis.BadSettings, status: 2, remedy: "mend",
		},
	} {
		t.Run(name, func(t *testing.T) {
			sim := tenantUnderTest(t, test.sim)
			for i, set := range test.sets {
				test.sets[i] = replaceEndpoint(set, sim)
			}
			args := flagsFor(t, sim, test.sets...)
			if test.started != nil {
				test.started(sim)
			}
			result, status := outcomeOf(t, args)
			found := find(t, result, test.check, test.subject)
			text := result.Text()
			assert.Equal(t, test.outcome, found.Outcome, text)
			assert.Equal(t, test.status, status, text)
			assert.Contains(t, found.Remedy, test.remedy, text)
			t.Log("\n" + text)
		})
	}
}

func replaceEndpoint(set string, sim *defendersim.Server) string {
	return strings.ReplaceAll(set, "ENDPOINT", sim.URL())
}

// openingProxy is a proxy that opens TLS with a CA of its own; it gives its URL and the CA's file.
func openingProxy(t *testing.T, commonName string) (address, caFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: commonName}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	ca, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, template, key.Public(), key)
	require.NoError(t, err)
	certificate := tls.Certificate{Certificate: [][]byte{der, ca}, PrivateKey: key}
	caFile = filepath.Join(t.TempDir(), "proxy-ca.pem")
	require.NoError(t, os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca}), 0o600))

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		inside := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}})
		outside, err := tls.Dial("tcp", r.Host, &tls.Config{InsecureSkipVerify: true}) // the emulator's CA is nothing to this proxy
		if err != nil {
			return
		}
		defer func() { _ = outside.Close() }()
		go func() {
			_, _ = io.Copy(outside, inside)
			_ = outside.CloseWrite()
		}()
		_, _ = io.Copy(inside, outside)
	}))
	t.Cleanup(server.Close)
	return server.URL, caFile
}

func TestConnectionByWayOfAProxyThatOpensTLS(t *testing.T) {
	sim := tenantUnderTest(t, nil)
	proxy, caFile := openingProxy(t, "Acme Web Proxy CA")

	result, status := outcomeOf(t, flagsFor(t, sim, "receivers.defender.proxy_url="+proxy))
	found := find(t, result, "tls", "")
	assert.Equal(t, 2, status)
	assert.Equal(t, diagnosis.Intercepted, found.Outcome)
	assert.Contains(t, found.Detail, "'Acme Web Proxy CA'")
	assert.Contains(t, found.Remedy, "tls::ca_file")
	assert.Contains(t, find(t, result, "proxy", "").Detail, proxy)
	t.Log("\n" + result.Text())

	result, status = outcomeOf(t, flagsFor(t, sim, "receivers.defender.proxy_url="+proxy, "receivers.defender.tls.ca_file="+caFile))
	assert.Zero(t, status, result.Text())
	assert.Equal(t, diagnosis.Intercepted, find(t, result, "tls", "").Outcome)
	t.Log("\n" + result.Text())
}

func TestProxyThatIsNotThere(t *testing.T) {
	sim := tenantUnderTest(t, nil)
	result, status := outcomeOf(t, flagsFor(t, sim, "receivers.defender.proxy_url=http://jane:pa55word@127.0.0.1:1"))
	assert.Equal(t, 2, status)
	text := result.Text()
	assert.NotContains(t, text, "pa55word")
	assert.Equal(t, diagnosis.ProxyRefused, result.Checks[len(result.Checks)-2].Outcome, text)
	assert.Contains(t, text, "check proxy_url")
}

func TestWhichReceiversAreTested(t *testing.T) {
	sim := tenantUnderTest(t, nil)
	args := flagsFor(t, sim)
	output, status := run(t, append(args, "--receiver", "defender/other")...)
	assert.Equal(t, exitFailed, status)
	assert.Empty(t, output)
	for name, sets := range map[string][]string{
		"no pipeline": {"service.pipelines.logs.receivers=[otlp]"},
		"no receiver": {"receivers="},
	} {
		more := slices.Clone(args)
		for _, set := range sets {
			more = append(more, "--set", set)
		}
		_, status := run(t, more...)
		assert.Equal(t, exitFailed, status, name)
	}
	_, status = run(t, append(args, "--set", "service.pipelines.logs.receivers=[otlp]", "--receiver", "defender")...)
	assert.Zero(t, status, "one that is named need not stand in a pipeline")
	_, status = run(t, append(args, "--output", "xml")...)
	assert.Equal(t, exitFailed, status)
}
