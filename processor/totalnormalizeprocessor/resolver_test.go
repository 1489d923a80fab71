package totalnormalizeprocessor

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

const (
	janeSID = "S-1-5-21-1234567890-1234567890-1234567890-1001"
	bobSID  = "S-1-5-21-1234567890-1234567890-1234567890-1002"
	entra   = "S-1-12-1-1943430372-1249052806-2496021943-3034400218"
	entraID = "73d664e4-0886-4a73-b745-c694da45ddb4"
)

type columns map[string]any

func (c columns) and(more columns) columns {
	all := maps.Clone(c)
	maps.Copy(all, more)
	return all
}

// row makes a row of 09:00 at device d1.
func (c columns) row(table string) plog.LogRecord {
	all := columns{"Timestamp": "2026-03-15T09:00:00Z", "DeviceId": "d1", "DeviceName": "ws-1.acme.local", "ReportId": 1}.and(c)
	text, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return newRow(table, "", string(text))
}

func account(domain, name, sid string) columns {
	return columns{"AccountDomain": domain, "AccountName": name, "AccountSid": sid}
}

func initiating(domain, name, sid string) columns {
	return columns{"InitiatingProcessAccountDomain": domain, "InitiatingProcessAccountName": name, "InitiatingProcessAccountSid": sid}
}

func requesting(protocol, name, sid string) columns {
	return columns{"RequestProtocol": protocol, "RequestAccountDomain": "ACME", "RequestAccountName": name, "RequestAccountSid": sid}
}

func additional(fields any) columns {
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return columns{"AdditionalFields": string(text)}
}

func posixUser(name string) map[string]any {
	return map[string]any{"Name": name, "DomainName": "lx-1", "PosixUserId": 1000}
}

var (
	system = initiating("nt authority", "system", "S-1-5-18")
	jane   = account("acme", "jane", janeSID)
)

func TestWhoActed(t *testing.T) {
	for name, c := range map[string]struct {
		table string
		row   columns
		want  string
	}{
		"account before initiating process":     {"DeviceLogonEvents", jane.and(initiating("acme", "bob", bobSID)), `acme\jane`},
		"initiating process when it is a human": {"DeviceProcessEvents", account("nt authority", "système", "S-1-5-18").and(initiating("acme", "bob", bobSID)), `acme\bob`},
		"account only at initiating process":    {"DeviceEvents", account("", "", "").and(initiating("acme", "bob", bobSID)), `acme\bob`},
		"the UPN of the same SID":               {"DeviceLogonEvents", jane.and(initiating("x", "y", janeSID)).and(columns{"InitiatingProcessAccountUpn": "jane@acme.com"}), "jane@acme.com"},
		"the UPN of the same name":              {"DeviceLogonEvents", account("ACME", "Jane", "").and(initiating("acme", "jane", janeSID)).and(columns{"InitiatingProcessAccountUpn": "jane@acme.com"}), "jane@acme.com"},
		"not the UPN of somebody else":          {"DeviceLogonEvents", jane.and(initiating("acme", "jane", bobSID)).and(columns{"InitiatingProcessAccountUpn": "bob@acme.com"}), `acme\jane`},
		"all non-human: the first's reason":     {"DeviceProcessEvents", account("", "PC-1$", "").and(system), "[computer_or_managed_account]"},
		"null SID on a failed logon":            {"DeviceLogonEvents", account("acme", "jane", "S-1-0-0"), `acme\jane`},
		"unknown account on a failed logon":     {"DeviceLogonEvents", account("$", "$", "").and(system), "[computer_or_managed_account]"},
		"name only":                             {"DeviceLogonEvents", account("", "jane", janeSID), "jane"},
		"SID only":                              {"DeviceLogonEvents", account("", "", janeSID), janeSID},
		"domain only is no account":             {"DeviceLogonEvents", account("acme", "", ""), "[no_account]"},
		"object id only":                        {"DeviceProcessEvents", columns{"AccountObjectId": entraID}, entraID},
		"AzureAD is a human domain":             {"DeviceProcessEvents", account("AzureAD", "JaneDoe", entra), `AzureAD\JaneDoe`},
		"number for a name":                     {"DeviceLogonEvents", columns{"AccountName": 4711}, "4711"},
		"object for a name":                     {"DeviceLogonEvents", columns{"AccountName": columns{"a": 1}}, "[no_account]"},

		"SMB: who asked":                {"DeviceFileEvents", requesting("Smb", "jane", janeSID).and(system), `ACME\jane`},
		"SMB by a machine: process":     {"DeviceFileEvents", requesting("Smb", "WS-9$", "").and(initiating("acme", "bob", bobSID)), `acme\bob`},
		"local: request does not count": {"DeviceFileEvents", requesting("local", "jane", janeSID).and(system), "[system]"},
		"no protocol: neither":          {"DeviceFileEvents", requesting("", "jane", janeSID).and(system), "[system]"},
		"local alone is no account":     {"DeviceFileEvents", requesting("Local", "jane", janeSID), "[no_account]"},

		"inbound to a machine's process": {"DeviceNetworkEvents", columns{"ActionType": "InboundConnectionAccepted"}.and(system), "[inbound]"},
		"inbound to a person's process":  {"DeviceNetworkEvents", columns{"ActionType": "InboundConnectionAccepted"}.and(initiating("acme", "jane", janeSID)), `acme\jane`},
		"inbound by its direction":       {"DeviceNetworkEvents", columns{"ActionType": "ConnectionAttempt"}.and(additional(columns{"direction": "In"})), "[inbound]"},
		"outbound by its direction":      {"DeviceNetworkEvents", columns{"ActionType": "ConnectionAttempt"}.and(additional(columns{"direction": "Out"})), "[no_account]"},
		"inbound in any case":            {"DeviceNetworkEvents", columns{"ActionType": "inboundInternetScanInspected"}, "[inbound]"},
		"inbound only of connections":    {"DeviceEvents", columns{"ActionType": "InboundX"}.and(jane), `acme\jane`},

		"macOS root, S-1-5-18":       {"DeviceProcessEvents", account("mac-1", "root", "S-1-5-18"), "[system]"},
		"Linux root, no SID":         {"DeviceProcessEvents", account("lx-1", "root", ""), "[root]"},
		"sudo: the real user":        {"DeviceProcessEvents", account("lx-1", "root", "").and(additional(columns{"InitiatingProcessPosixEffectiveUser": posixUser("root"), "InitiatingProcessPosixRealUser": posixUser("jane")})), `lx-1\jane`},
		"POSIX effective user":       {"DeviceNetworkEvents", additional(columns{"InitiatingProcessPosixEffectiveUser": posixUser("jane")}), `lx-1\jane`},
		"POSIX as object":            {"DeviceFileEvents", columns{"AdditionalFields": columns{"InitiatingProcessPosixEffectiveUser": posixUser("jane")}}, `lx-1\jane`},
		"POSIX root and daemon only": {"DeviceProcessEvents", additional(columns{"InitiatingProcessPosixEffectiveUser": posixUser("_mdns")}), "[posix_daemon]"},
		"POSIX of odd types":         {"DeviceProcessEvents", additional(columns{"InitiatingProcessPosixEffectiveUser": "jane"}).and(system), "[system]"},
		"broken AdditionalFields":    {"DeviceProcessEvents", columns{"AdditionalFields": `{"InitiatingProcessPosix`}.and(system), "[system]"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, newHarness(t).user(t, c.row.row(c.table)))
		})
	}
}

func TestAlerts(t *testing.T) {
	user := func(domain, name, sid, upn, objectID string) columns {
		return account(domain, name, sid).and(columns{"AccountUpn": upn, "AccountObjectId": objectID})
	}
	users := func(list ...columns) columns { return columns{"AlertUsers": list} }
	janeOnly := users(user("acme", "jane", janeSID, "", ""), user("", "", "", "jane@acme.com", "o1"))
	mail := columns{"EntityType": "MailMessage"}.and(additional(columns{"Recipient": "bob@acme.com"}))
	for name, c := range map[string]struct {
		row  columns
		want string
	}{
		"evidence's own account":                  {user("acme", "bob", bobSID, "", "").and(janeOnly), `acme\bob`},
		"own account is no person":                {user("NT AUTHORITY", "SYSTEM", "S-1-5-18", "", "").and(janeOnly), "[system]"},
		"mail goes to its recipient":              {mail.and(janeOnly), "bob@acme.com"},
		"the account before the recipient":        {mail.and(user("acme", "jane", janeSID, "", "")), `acme\jane`},
		"own account, its UPN in the alert":       {user("ACME", "Jane", "", "", "").and(janeOnly), "jane@acme.com"},
		"a recipient only of mail":                {mail.and(janeOnly).and(columns{"EntityType": "Ip"}), "jane@acme.com"},
		"mail to a machine: the alert's user":     {mail.and(janeOnly).and(additional(columns{"Recipient": "HealthMailbox12@acme.com"})), "jane@acme.com"},
		"mail without recipient":                  {columns{"EntityType": "MailMessage"}.and(janeOnly), "jane@acme.com"},
		"mailbox":                                 {columns{"EntityType": "Mailbox"}.and(additional(columns{"MailboxPrimaryAddress": "bob@acme.com"})), "bob@acme.com"},
		"one person in two rows":                  {janeOnly, "jane@acme.com"},
		"one person and machines":                 {users(user("acme", "jane", janeSID, "", ""), user("", "ws-1$", "", "", ""), user("nt authority", "system", "S-1-5-18", "", "")), `acme\jane`},
		"two people: logged on":                   {users(user("acme", "jane", janeSID, "", ""), user("acme", "bob", bobSID, "", "")), "eve@acme.com"},
		"nobody: logged on":                       {users(), "eve@acme.com"},
		"nobody and no device":                    {users().and(columns{"DeviceId": ""}), "[no_account]"},
		"two people and no device":                {users(user("acme", "jane", janeSID, "", ""), user("acme", "bob", bobSID, "", "")).and(columns{"DeviceId": ""}), "[no_account]"},
		"users as text":                           {columns{"AlertUsers": `[{"AccountName":"jane","AccountDomain":"acme"}]`}, `acme\jane`},
		"users of odd types":                      {columns{"AlertUsers": []any{"jane", 1, nil, []int{1}}}, "eve@acme.com"},
		"the directory joins what shares nothing": {users(user("acme", "eve", "", "", ""), user("", "", "", "", "o-eve"), user("", "Eve E.", bobSID+"9", "", "")), "eve@acme.com"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.consume(t,
				columns{"LoggedOnUsers": `[{"UserName":"eve","DomainName":"ACME"}]`}.row("DeviceInfo"),
				columns{"AccountUpn": "eve@acme.com", "AccountName": "eve", "AccountDomain": "acme.local", "AccountObjectId": "o-eve", "OnPremSid": bobSID + "9"}.row("IdentityInfo"))
			assert.Equal(t, c.want, h.user(t, c.row.row("Alerts")))
		})
	}
}

func TestDirectoryRowsAreTakenIn(t *testing.T) {
	h := newHarness(t)
	assert.Empty(t, h.consume(t, columns{"LoggedOnUsers": "[]"}.row("DeviceInfo"), columns{"AccountUpn": "x@acme.com"}.row("IdentityInfo"), columns{}.row("IdentityInfo")))
	assert.Empty(t, h.sink.AllLogs(), "nothing is passed on, not even an empty batch")
	assert.Equal(t, map[string]int{"directory": 3}, h.dropReasons())
}

func TestUserFromDirectory(t *testing.T) {
	identity := columns{
		"AccountUpn": "jane@acme.com", "AccountName": "jane", "AccountDomain": "acme.local",
		"AccountObjectId": entraID, "OnPremSid": janeSID, "CloudSid": entra,
	}
	for name, c := range map[string]struct{ row columns }{
		"on-premises SID":        {account("", "", janeSID)},
		"cloud SID":              {account("AzureAD", "Jane", entra)},
		"object id":              {columns{"AccountObjectId": entraID}},
		"UPN":                    {columns{"AccountUpn": "JANE@acme.com"}},
		"DNS domain and name":    {account("ACME.local", "Jane", "")},
		"NetBIOS name":           {account("ACME", "jane", "")},
		"UPN in the name":        {account("", "Jane@acme.com", "")},
		"domain in the name":     {account("", `acme\jane`, "")},
		"SID under an old name":  {account("acme", "jane.maiden", janeSID)},
		"SID in another's words": {account("emca", "bob", "s"+janeSID[1:])},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.consume(t, identity.row("IdentityInfo"))
			event := h.event(t, c.row.row("DeviceProcessEvents"))
			assert.Regexp(t, "(?i)^jane@acme.com$", payloadUser(event))
			tuid, _ := event.Get("tuid")
			assert.Equal(t, "tuid-a8b5cbdf-4e4e-5355-a74d-0e96f3c58512", tuid.Str(), "one person, one tuid, in every release")
		})
	}
}

func TestLocalAccountsAreNobodyElses(t *testing.T) {
	h := newHarness(t)
	h.consume(t,
		columns{"AccountUpn": "jane@acme.com", "AccountName": "jane", "AccountDomain": "ws-1", "AccountObjectId": "o1"}.row("IdentityInfo"),
		columns{"AccountUpn": "two@acme.com", "AccountName": "jane", "AccountDomain": "averylongdevice", "AccountObjectId": "o2"}.row("IdentityInfo"),
		columns{"AccountUpn": "x1@acme.com", "AccountName": "x", "AccountDomain": "acme.local", "AccountObjectId": "o3"}.row("IdentityInfo"),
		columns{"AccountUpn": "x2@acme.com", "AccountName": "x", "AccountDomain": "acme.example", "AccountObjectId": "o4"}.row("IdentityInfo"))
	assert.Equal(t, `WS-1\jane`, h.user(t, account("WS-1", "jane", "").row("DeviceLogonEvents")))
	assert.Equal(t, `ws-1.acme.local\jane`, h.user(t, account("ws-1.acme.local", "jane", "").row("DeviceLogonEvents")))
	long := columns{"DeviceName": "AVeryLongDeviceName.acme.local"}
	assert.Equal(t, `averylongdevice\jane`, h.user(t, account("averylongdevice", "jane", "").and(long).row("DeviceLogonEvents")))
	assert.Equal(t, "jane@acme.com", h.user(t, account("ws-1", "jane", "").and(columns{"DeviceName": "ws-2"}).row("DeviceLogonEvents")), "another device's name")
	assert.Equal(t, `acme\x`, h.user(t, account("acme", "x", "").row("DeviceLogonEvents")), "two people's name tells nothing")
	assert.Equal(t, "x2@acme.com", h.user(t, account("acme.example", "x", "").row("DeviceLogonEvents")))
}

func TestNewestIdentityCounts(t *testing.T) {
	h := newHarness(t)
	identity := func(at, upn, sid string) plog.LogRecord {
		return columns{"Timestamp": at, "AccountObjectId": "o1", "AccountUpn": upn, "OnPremSid": sid}.row("IdentityInfo")
	}
	h.consume(t, identity("2026-03-15T02:00:00Z", "jane.new@acme.com", janeSID))
	h.consume(t, identity("2026-03-15T01:00:00Z", "jane.old@acme.com", bobSID))
	assert.Equal(t, "jane.new@acme.com", h.user(t, jane.row("DeviceLogonEvents")))
	h.consume(t, identity("2026-03-15T03:00:00Z", "jane.newest@acme.com", bobSID))
	assert.Equal(t, "jane.newest@acme.com", h.user(t, account("", "", bobSID).row("DeviceLogonEvents")))
	assert.Equal(t, `acme\jane`, h.user(t, jane.row("DeviceLogonEvents")), "a SID that is hers no more")
}

func TestIdentityMadeAnew(t *testing.T) {
	h := newHarness(t)
	h.consume(t,
		columns{"Timestamp": "2026-03-15T02:00:00Z", "AccountObjectId": "o2", "AccountUpn": "jane.new@acme.com", "OnPremSid": janeSID}.row("IdentityInfo"),
		columns{"Timestamp": "2026-03-15T01:00:00Z", "AccountObjectId": "o1", "AccountUpn": "jane.old@acme.com", "OnPremSid": janeSID}.row("IdentityInfo"))
	assert.Equal(t, "jane.new@acme.com", h.user(t, jane.row("DeviceLogonEvents")))
}

func TestLoggedOnUsers(t *testing.T) {
	janeOn := `{"UserName":"jane","DomainName":"ACME","Sid":"` + janeSID + `"}`
	for name, c := range map[string]struct{ users, want string }{
		"one":                 {`[` + janeOn + `]`, `ACME\jane`},
		"one and machines":    {`[` + janeOn + `,{"UserName":"DWM-1","DomainName":"Window Manager"}]`, `ACME\jane`},
		"one twice":           {`[` + janeOn + `,{"UserName":"JANE"}]`, `ACME\jane`},
		"two":                 {`[` + janeOn + `,{"UserName":"bob"}]`, "[several_logged_on]"},
		"nobody":              {`[]`, "[nobody_logged_on]"},
		"machines only":       {`[{"UserName":"umfd-0"}]`, "[nobody_logged_on]"},
		"the list is missing": {``, "[no_account]"},
		"the list is broken":  {`[{"UserName":`, "[no_account]"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			// Directory rows count for the events of their own call, wherever they stand in it.
			out := h.consume(t, columns{"ActionType": "SslConnectionInspected"}.row("DeviceNetworkEvents"), columns{"LoggedOnUsers": c.users, "DeviceId": "D1"}.row("DeviceInfo"))
			if len(out) == 0 {
				assert.Equal(t, 1, h.dropReasons()[c.want[1:len(c.want)-1]], "%v", h.dropReasons())
				return
			}
			assert.Equal(t, c.want, payloadUser(out[0].ScopeLogs().At(0).LogRecords().At(0).Body().Map()))
		})
	}
}

func TestLoggedOnUsersOff(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.LoggedOnUsers = false })
	h.consume(t, columns{"LoggedOnUsers": `[{"UserName":"jane"}]`}.row("DeviceInfo"))
	assert.Equal(t, "[no_account]", h.user(t, columns{}.row("DeviceEvents")))
}

func TestLoggedOnAtTheTimeOfTheEvent(t *testing.T) {
	h := newHarness(t)
	for at, user := range map[string]string{"08": "jane", "10": "bob", "12": ""} {
		users := "[]"
		if user != "" {
			users = `[{"UserName":"` + user + `"}]`
		}
		h.consume(t, columns{"Timestamp": "2026-03-15T" + at + ":00:00Z", "LoggedOnUsers": users}.row("DeviceInfo"))
	}
	h.consume(t, columns{"Timestamp": "2026-03-15T11:00:00Z", "LoggedOnUsers": ""}.row("DeviceInfo")) // a partial report
	for at, want := range map[string]string{"07": `ws-1\jane`, "09": `ws-1\jane`, "10": `ws-1\bob`, "11": `ws-1\bob`, "13": "[nobody_logged_on]"} {
		assert.Equal(t, want, h.user(t, columns{"Timestamp": "2026-03-15T" + at + ":00:00Z"}.row("DeviceEvents")), at)
	}
}

func TestConfiguredAccounts(t *testing.T) {
	h := newHarness(t, func(c *Config) {
		c.Accounts.Exclude = accounts.Patterns{Names: []string{"svc-*", "robot@acme.com"}}
		c.Accounts.Include = accounts.Patterns{Names: []string{"sshd"}}
	})
	h.consume(t, columns{"AccountUpn": "robot@acme.com", "OnPremSid": bobSID, "AccountObjectId": "o1"}.row("IdentityInfo"))
	assert.Equal(t, "[excluded]", h.user(t, account("acme", "SVC-7", janeSID).row("DeviceLogonEvents")))
	assert.Equal(t, "[excluded]", h.user(t, account("", "", bobSID).row("DeviceLogonEvents")), "known by the directory")
	assert.Equal(t, `acme\sshd`, h.user(t, account("acme", "sshd", "").row("DeviceLogonEvents")))
	require.Equal(t, 2, h.dropReasons()["excluded"])
}
