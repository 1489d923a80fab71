package totalnormalizeprocessor

import (
	"testing"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// bodyAt is a value in an event, by its keys; nil: it is not there.
func bodyAt(event map[string]any, keys ...string) any {
	at := any(event)
	for _, key := range keys {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[key]
	}
	return at
}

// An event about an account is the act of who changed it; the account itself is the target.
func TestEventsAboutAccounts(t *testing.T) {
	admin := initiating("acme", "bob", bobSID).and(columns{"InitiatingProcessAccountUpn": "bob@acme.com"})
	group := columns{"GroupName": "Remote Desktop Users", "GroupDomainName": "Builtin", "GroupSid": "S-1-5-32-555"}
	for name, c := range map[string]struct {
		action               string
		row                  columns
		user, target, ofWhat string
	}{
		"made":                      {"UserAccountCreated", jane.and(admin), "bob@acme.com", `acme\jane`, ""},
		"deleted, any case":         {"useraccountdeleted", jane.and(admin), "bob@acme.com", `acme\jane`, ""},
		"changed":                   {"UserAccountModified", jane.and(admin), "bob@acme.com", `acme\jane`, ""},
		"of a kind to come":         {"UserAccountUnlocked", jane.and(admin), "bob@acme.com", `acme\jane`, ""},
		"a password":                {"PasswordChangeAttempt", jane.and(admin), "bob@acme.com", `acme\jane`, ""},
		"checked":                   {"AccountCheckedForBlankPassword", jane.and(system), "[system]", "", ""},
		"by a machine":              {"UserAccountCreated", jane.and(system), "[system]", "", ""},
		"by nobody":                 {"UserAccountCreated", jane, "[no_account]", "", ""},
		"added: the member":         {"UserAccountAddedToLocalGroup", jane.and(admin).and(additional(group)), "bob@acme.com", `acme\jane`, `Builtin\Remote Desktop Users`},
		"added: the group":          {"UserAccountAddedToLocalGroup", account("ws-1", "Operators", "S-1-5-21-9-9-9-1004").and(admin).and(additional(columns{"MemberSid": janeSID})), "bob@acme.com", janeSID, `ws-1\Operators`},
		"added: a built-in group":   {"UserAccountAddedToLocalGroup", account("builtin", "Administrators", "S-1-5-32-544").and(admin), "bob@acme.com", "", `builtin\Administrators`},
		"removed: the group":        {"UserAccountRemovedFromLocalGroup", account("ws-1", "Operators", "").and(admin).and(additional(columns{"MemberSid": janeSID})), "bob@acme.com", janeSID, `ws-1\Operators`},
		"a group made":              {"SecurityGroupCreated", account("acme", "Sales", "S-1-5-21-9-9-9-1005").and(admin), "bob@acme.com", "", `acme\Sales`},
		"a group deleted":           {"SecurityGroupDeleted", account("acme", "Sales", "S-1-5-21-9-9-9-1005").and(admin), "bob@acme.com", "", `acme\Sales`},
		"other events: the account": {"UsbDriveMounted", jane.and(admin), `acme\jane`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			row := c.row.and(columns{"ActionType": c.action}).row("DeviceEvents")
			if c.user[0] == '[' {
				assert.Equal(t, c.user, h.user(t, row))
				return
			}
			event := h.event(t, row).AsRaw()
			assert.Equal(t, c.user, bodyAt(event, "payload", "user"))
			want := map[string]any{"target_user": nil, "target_group": nil}
			if c.target != "" {
				want["target_user"] = c.target
			}
			if c.ofWhat != "" {
				want["target_group"] = c.ofWhat
			}
			for key, v := range want {
				assert.Equal(t, v, bodyAt(event, "payload", key), key)
			}
		})
	}
	t.Run("the target's name is the directory's", func(t *testing.T) {
		h := newHarness(t)
		h.consume(t, columns{"AccountObjectId": entraID, "AccountUpn": "jane@acme.com", "OnPremSid": janeSID}.row("IdentityInfo"))
		event := h.event(t, jane.and(admin).and(columns{"ActionType": "UserAccountModified"}).row("DeviceEvents")).AsRaw()
		assert.Equal(t, "jane@acme.com", bodyAt(event, "payload", "target_user"))
	})
	t.Run("nobody logged on did it", func(t *testing.T) {
		h := newHarness(t)
		h.consume(t, columns{"LoggedOnUsers": `[{"UserName":"jane"}]`}.row("DeviceInfo"))
		assert.Equal(t, "[no_account]", h.user(t, jane.and(columns{"ActionType": "UserAccountCreated"}).row("DeviceEvents")))
		assert.Equal(t, "[inbound]", h.user(t, columns{"ActionType": "InboundConnectionAccepted"}.row("DeviceNetworkEvents")))
		assert.Equal(t, "[inbound]", h.user(t, columns{"ActionType": "IcmpConnectionInspected"}.and(additional(columns{"direction": "In"})).row("DeviceNetworkEvents")))
		assert.Equal(t, "[inbound]", h.user(t, columns{"ActionType": "FirewallInboundConnectionBlocked"}.row("DeviceEvents")))
		assert.Equal(t, "[no_account]", h.user(t, account("-", "-", "S-1-0-0").and(columns{"ActionType": "LogonFailed", "LogonType": "Network"}).row("DeviceLogonEvents")))
	})
}

// The account of a process or session stands inside its entity, perhaps as a reference.
func TestEvidenceAccountInsideItsEntity(t *testing.T) {
	bobs := columns{"$id": "7", "Name": "bob", "NTDomain": "ACME", "Sid": bobSID, "UserPrincipalName": "bob@acme.com", "Type": "account"}
	process := func(fields columns) columns {
		return columns{"AlertId": "a1", "EntityType": "Process", "EvidenceRole": "Related", "DeviceId": nil, "DeviceName": nil}.and(additional(fields))
	}
	janesAlert := columns{"AlertUsers": []any{columns{"AccountName": "jane", "AccountDomain": "ACME", "AccountUpn": "jane@acme.com"}}}
	for name, c := range map[string]struct {
		row  columns
		user string
		by   any
	}{
		"a process":             {process(columns{"ProcessId": "9", "Account": bobs}).and(janesAlert), "bob@acme.com", "evidence_account"},
		"by reference":          {process(columns{"Account": columns{"$ref": "7"}, "ParentProcess": columns{"Account": bobs}}).and(janesAlert), "bob@acme.com", "evidence_account"},
		"a reference to none":   {process(columns{"Account": columns{"$ref": "8"}}).and(janesAlert), "jane@acme.com", "alert_user"},
		"a reference to itself": {process(columns{"Account": columns{"$id": "8", "$ref": "8"}}).and(janesAlert), "jane@acme.com", "alert_user"},
		"a session":             {process(columns{"SessionId": "s", "Account": bobs}).and(columns{"EntityType": "HostLogonSession"}), "bob@acme.com", "evidence_account"},
		"a user":                {process(bobs).and(columns{"EntityType": "User"}), "bob@acme.com", "evidence_account"},
		"a machine's process":   {process(columns{"Account": columns{"Name": "SYSTEM", "Sid": "S-1-5-18"}}).and(janesAlert), "[system]", nil},
		"the row's own first":   {process(columns{"Account": bobs}).and(jane), `acme\jane`, nil},
		"a UPN in two parts":    {process(columns{"Account": columns{"Name": "bob", "UPNSuffix": "acme.com"}}), "bob@acme.com", "evidence_account"},
		"of no account":         {process(columns{"ProcessId": "9"}).and(janesAlert), "jane@acme.com", "alert_user"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			polled := c.row.row("Alerts")
			streamed := bodyOf(t, jsonOf(t, envelope("AlertEvidence", c.row.and(columns{"Timestamp": "2026-03-15T09:00:00Z"}))))
			for _, row := range []plog.LogRecord{polled, streamed} {
				if c.user[0] == '[' {
					assert.Equal(t, c.user, h.user(t, row))
					continue
				}
				event := h.event(t, row).AsRaw()
				assert.Equal(t, c.user, bodyAt(event, "payload", "user"))
				assert.Equal(t, c.by, bodyAt(event, "raw_metadata", "attributed_by"))
			}
		})
	}
	t.Run("the device inside its entity", func(t *testing.T) {
		h := newHarness(t)
		h.consume(t, columns{"DeviceId": "D7", "LoggedOnUsers": `[{"UserName":"jane","DomainName":"ACME"}]`}.row("DeviceInfo"))
		for _, fields := range []columns{
			{"Host": columns{"MachineId": "d7"}},
			{"ImageFile": columns{"Host": columns{"$ref": "3"}}, "Host": columns{"$id": "3", "MachineId": "d7"}},
		} {
			event := h.event(t, process(fields).row("Alerts")).AsRaw()
			assert.Equal(t, `ACME\jane`, bodyAt(event, "payload", "user"))
			assert.Equal(t, "logged_on_user", bodyAt(event, "raw_metadata", "attributed_by"))
			assert.Nil(t, bodyAt(event, "payload", "device_id"), "the row has none")
		}
	})
}

// One person may stand in several rows of AlertUsers, in any order and form.
func TestAlertUsersOfOnePerson(t *testing.T) {
	list := []any{
		columns{"AccountName": "jane", "AccountDomain": "corp.acme.example", "AccountSid": janeSID, "AccountUpn": "jane@acme.example"},
		columns{"AccountName": "jane", "AccountDomain": "CORP"},
		columns{"AccountName": "LocalSystem"},
	}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		users := columns{"AlertId": "a1", "EntityType": "User", "AlertUsers": []any{list[order[0]], list[order[1]], list[order[2]]}}
		h := newHarness(t)
		assert.Equal(t, "jane@acme.example", h.user(t, users.and(account("CORP", "jane", "")).row("Alerts")), "%v", order)
		assert.Equal(t, "jane@acme.example", h.user(t, users.and(columns{"EntityType": "File"}).row("Alerts")), "%v", order)
		assert.Equal(t, `LAB\jane`, h.user(t, users.and(account("LAB", "jane", "")).row("Alerts")), "another domain's jane")
	}
}

// Some rows say themselves who was logged on.
func TestRowsThatNameWhoWasLoggedOn(t *testing.T) {
	usb := func(users any) columns {
		return columns{"ActionType": "UsbDriveMounted"}.and(additional(columns{"DriveLetter": "E:", "LoggedOnUsers": users}))
	}
	for name, c := range map[string]struct {
		row  columns
		want string
	}{
		"beside SYSTEM":            {usb([]string{"jane@acme.com"}).and(system), "jane@acme.com"},
		"without any account":      {usb([]string{`ACME\jane`}), `ACME\jane`},
		"a name alone":             {usb([]string{"jane"}), `ws-1\jane`},
		"as objects":               {usb([]any{columns{"UserName": "jane", "DomainName": "ACME", "Sid": janeSID}}).and(system), `ACME\jane`},
		"as evidence has them":     {usb([]any{columns{"AccountName": "jane", "AccountDomain": "ACME"}}).and(system), `ACME\jane`},
		"as text":                  {usb(`["jane@acme.com"]`).and(system), "jane@acme.com"},
		"one person and a machine": {usb([]string{"jane@acme.com", "DWM-1"}).and(system), "jane@acme.com"},
		"two beside SYSTEM":        {usb([]string{"jane@acme.com", "bob@acme.com"}).and(system), "[system]"},
		"two without account":      {usb([]string{"jane@acme.com", "bob@acme.com"}), "[several_logged_on]"},
		"nobody":                   {usb([]string{}).and(system), "[system]"},
		"a person's own process":   {usb([]string{"jane@acme.com"}).and(initiating("acme", "bob", bobSID)), `acme\bob`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			assert.Equal(t, c.want, h.user(t, c.row.row("DeviceEvents")))
		})
	}
}

func TestPosixUsers(t *testing.T) {
	linux := func(c columns) columns { return columns{"DeviceId": "l1", "DeviceName": "lx-1"}.and(c) }
	uid := func(key, name string, id any) columns {
		user := columns{"DomainName": "lx-1", "PosixUserId": id}
		if name != "" {
			user["Name"] = name
		}
		return additional(columns{key: user})
	}
	for name, c := range map[string]struct {
		row  columns
		want string
	}{
		"a daemon beyond any list":    {account("lx-1", "acmed", "").and(initiating("lx-1", "acmed", "")).and(uid("ProcessPosixEffectiveUser", "acmed", 412)), "[posix_daemon]"},
		"the highest id":              {account("lx-1", "acmed", "").and(uid("ProcessPosixEffectiveUser", "acmed", 65534)), "[posix_daemon]"},
		"a person":                    {account("lx-1", "ann", "").and(uid("ProcessPosixEffectiveUser", "ann", 1000)), `lx-1\ann`},
		"an id as text":               {account("lx-1", "acmed", "").and(uid("ProcessPosixEffectiveUser", "acmed", "412")), "[posix_daemon]"},
		"an id without a name":        {account("lx-1", "", "").and(uid("ProcessPosixEffectiveUser", "", 70001)), "[posix_unnamed]"},
		"another user's id":           {account("lx-1", "ann", "").and(uid("InitiatingProcessPosixEffectiveUser", "acmed", 412)), `lx-1\ann`},
		"of a logon":                  {account("lx-1", "acmed", "").and(additional(columns{"PosixUserId": 412})), "[posix_daemon]"},
		"a person in Entra ID":        {account("lx-1", "root", "").and(additional(columns{"InitiatingProcessPosixRealUser": columns{"Name": "ann", "DomainName": "lx-1", "PosixUserId": 1001, "AadUserUpn": "ann@acme.com"}})), "ann@acme.com"},
		"macOS by its SIDs":           {account("lx-1", "ann", "S-1-5-21-5-5-5-2002").and(uid("ProcessPosixEffectiveUser", "ann", 501)), `lx-1\ann`},
		"macOS by its paths":          {account("lx-1", "ann", "").and(uid("ProcessPosixEffectiveUser", "ann", 501)).and(columns{"FolderPath": "/Applications/Notes.app/Contents/MacOS/Notes"}), `lx-1\ann`},
		"the first of Linux, no SIDs": {account("lx-1", "ann", "").and(uid("ProcessPosixEffectiveUser", "ann", 501)), "[posix_daemon]"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.consume(t, columns{"DeviceId": "l1", "DeviceName": "lx-1", "LoggedOnUsers": `[{"UserName":"ops"}]`}.row("DeviceInfo"))
			assert.Equal(t, c.want, h.user(t, linux(c.row).row("DeviceProcessEvents")))
		})
	}
	t.Run("macOS by DeviceInfo", func(t *testing.T) {
		h := newHarness(t)
		h.consume(t, columns{"DeviceId": "l1", "DeviceName": "lx-1", "OSPlatform": "macOS"}.row("DeviceInfo"))
		assert.Equal(t, `lx-1\ann`, h.user(t, linux(account("lx-1", "ann", "").and(uid("ProcessPosixEffectiveUser", "ann", 501))).row("DeviceProcessEvents")))
	})
}

// A directory's word that a name is a person's goes before the name, and that it is a service's before all but
// `include`.
func TestWhatADirectoryCallsAnAccount(t *testing.T) {
	h := newHarness(t)
	identity := func(n, name, kind string) plog.LogRecord {
		return columns{"AccountObjectId": entraID[:35] + n, "AccountUpn": name + "@acme.com", "AccountName": name, "AccountDomain": "acme.local", "Type": kind}.row("IdentityInfo")
	}
	h.consume(t, identity("1", "adm", "User"), identity("2", "nightly", "ServiceAccount"), identity("3", "gate", "Service account"))
	assert.Equal(t, "adm@acme.com", h.user(t, account("acme", "adm", "").row("DeviceLogonEvents")))
	assert.Equal(t, "[posix_daemon]", h.user(t, account("ws-1", "adm", "").row("DeviceLogonEvents")), "the device's own")
	assert.Equal(t, "[service_account]", h.user(t, account("acme", "nightly", "").row("DeviceLogonEvents")))
	assert.Equal(t, "[service_account]", h.user(t, columns{"AccountUpn": "gate@acme.com"}.row("DeviceProcessEvents")))
	included := newHarness(t, func(c *Config) { c.Accounts.Include.Names = []string{"nightly"} })
	included.consume(t, identity("2", "nightly", "ServiceAccount"))
	assert.Equal(t, "nightly@acme.com", included.user(t, account("acme", "nightly", "").row("DeviceLogonEvents")))
}

// What is learned of an account's names stays, whichever form comes last.
func TestFormsOfADomainAreKept(t *testing.T) {
	forms := []string{"CORP", "corp.acme.example", "CORPORATE"} // NetBIOS, DNS, and a NetBIOS name that is no label
	for first := range forms {
		h := newHarness(t)
		for i := range forms {
			h.consume(t, full(forms[(first+i)%len(forms)], "jane", janeSID, "jane@acme.example", "").row("DeviceProcessEvents"))
		}
		for _, domain := range forms {
			assert.Equal(t, "jane@acme.example", h.user(t, account(domain, "jane", "").and(columns{"DeviceId": "d9"}).row("DeviceLogonEvents")), "%s first, asked %s", forms[first], domain)
		}
	}
}

// Rows that have shown a domain's NetBIOS name alone tell its DNS name, too, while that is the only one it can be.
func TestNetBIOSNameTellsTheDNSName(t *testing.T) {
	h := newHarness(t)
	asked := func(domain string) string {
		return h.user(t, account(domain, "jane", "").and(columns{"DeviceId": "d9"}).row("DeviceLogonEvents"))
	}
	h.consume(t, full("CORP", "jane", janeSID, "jane@acme.example", "").row("DeviceProcessEvents"))
	assert.Equal(t, "jane@acme.example", asked("corp.acme.example"))
	assert.Equal(t, `corp.other.example\jane`, asked("corp.other.example"), "now it could be two domains'")
	assert.Equal(t, `corp.acme.example\jane`, asked("corp.acme.example"))
	assert.Equal(t, "jane@acme.example", asked("corp"), "what the row said stays")
}

func TestWhatRowsOfADeviceShow(t *testing.T) {
	h := newHarness(t)
	h.consume(t,
		full("azuread", "JaneDoe", entra, "jane@acme.com", "").row("DeviceProcessEvents"),
		columns{"LoggedOnUsers": `[{"UserName":"bob"}]`}.row("DeviceInfo"),
		account("acme", "bob", bobSID).row("DeviceLogonEvents"))
	failed := account("AzureAD", "janedoe", "").and(columns{"ActionType": "LogonFailed"})
	event := h.event(t, failed.row("DeviceLogonEvents")).AsRaw()
	assert.Equal(t, "jane@acme.com", bodyAt(event, "payload", "user"))
	assert.Equal(t, "device_account", bodyAt(event, "raw_metadata", "attributed_by"))
	assert.Equal(t, `AzureAD\janedoe`, h.user(t, failed.and(columns{"DeviceId": "d2"}).row("DeviceLogonEvents")), "another device")
	assert.Equal(t, `acme\bob`, h.user(t, columns{}.row("DeviceEvents")), "the logged-on name is the account that the device has shown")
	h.consume(t, account("lab", "bob", janeSID).row("DeviceLogonEvents"))
	assert.Equal(t, "[several_logged_on]", h.user(t, columns{}.row("DeviceEvents")), "now it could be two")
}

// A report of who is logged on shows accounts, too: a later one may have the names alone.
func TestReportsOfLoggedOnUsersShowAccounts(t *testing.T) {
	h := newHarness(t)
	h.consume(t, columns{"Timestamp": "2026-03-15T07:00:00Z", "LoggedOnUsers": `[{"UserName":"jane","DomainName":"ACME","Sid":"` + janeSID + `"}]`}.row("DeviceInfo"))
	h.consume(t, columns{"Timestamp": "2026-03-15T08:00:00Z", "LoggedOnUsers": `[{"UserName":"jane"}]`}.row("DeviceInfo"))
	assert.Equal(t, `ACME\jane`, h.user(t, columns{}.row("DeviceEvents")))
}

// Who logs on over the network does not sit at the device, and a device that lets thousands in is not stored again for
// each of them.
func TestNetworkLogonsDoNotShowWhoUsesADevice(t *testing.T) {
	m := collector.NewStorage()
	h := newHarnessOn(t, m)
	h.consume(t, columns{"LoggedOnUsers": `[{"UserName":"bob"}]`}.row("DeviceInfo"))
	_, before := m.Count()
	h.consume(t, account("acme", "bob", bobSID).and(columns{"LogonType": "Network"}).row("DeviceLogonEvents"))
	_, after := m.Count()
	assert.Equal(t, before, after)
	assert.Equal(t, `ws-1\bob`, h.user(t, columns{}.row("DeviceEvents")))
}

// A failed logon's name is what somebody typed, not what the device has shown.
func TestFailedLogonsTeachNothing(t *testing.T) {
	h := newHarness(t)
	h.consume(t,
		columns{"LoggedOnUsers": `[{"UserName":"bob"}]`}.row("DeviceInfo"),
		account("acme", "bob", "").and(columns{"ActionType": "LogonFailed"}).row("DeviceLogonEvents"))
	assert.Equal(t, `ws-1\bob`, h.user(t, columns{}.row("DeviceEvents")))
}

// What a consumer of the body alone could not know.
func TestBodySaysWhereItComesFrom(t *testing.T) {
	h := newHarness(t)
	backfill := at(1, jane)
	backfill.Attributes().PutStr(logrecord.AttributeLane, "backfill")
	event := h.event(t, backfill).AsRaw()
	assert.Equal(t, "backfill", bodyAt(event, "raw_metadata", "lane"))
	assert.Nil(t, bodyAt(event, "raw_metadata", "late"))
	assert.Nil(t, bodyAt(event, "raw_metadata", "attributed_by"))
	h.event(t, at(9, jane))
	late := h.event(t, at(3, jane)).AsRaw()
	assert.Equal(t, true, bodyAt(late, "raw_metadata", "late"))
	assert.Nil(t, bodyAt(late, "raw_metadata", "lane"))
	other := h.event(t, initiating("acme", "jane", janeSID).and(columns{"Timestamp": "2026-03-15T09:00:11Z"}).row("DeviceFileEvents")).AsRaw()
	assert.Nil(t, bodyAt(other, "raw_metadata", "late"), "another table")
}

func TestAdditionalColumns(t *testing.T) {
	h := newHarness(t, func(c *Config) {
		c.AdditionalColumns = []string{"ProcessId", "ProcessCreationTime", "InitiatingProcessId", "DeviceName", "NoSuchColumn"}
	})
	event := h.event(t, jane.and(columns{"ProcessId": 4321, "ProcessCreationTime": "2026-03-15T08:59:59.1234567Z", "InitiatingProcessId": ""}).row("DeviceProcessEvents")).AsRaw()
	assert.Equal(t, int64(4321), bodyAt(event, "raw_metadata", "process_id"))
	assert.Equal(t, "2026-03-15T08:59:59.1234567Z", bodyAt(event, "raw_metadata", "process_creation_time"))
	assert.NotContains(t, event["raw_metadata"], "initiating_process_id")
	assert.NotContains(t, event["payload"], "process_id")
}

func TestFileEventsOverTheNetwork(t *testing.T) {
	h := newHarness(t)
	renamed := columns{"ActionType": "FileRenamed", "FileName": "b.txt", "PreviousFileName": "a.txt", "RequestSourceIP": "10.0.0.9"}.and(initiating("acme", "jane", janeSID))
	for _, c := range []struct {
		protocol string
		ip       any
	}{{"Smb", "10.0.0.9"}, {"Local", nil}, {"", nil}} {
		event := h.event(t, renamed.and(columns{"RequestProtocol": c.protocol}).row("DeviceFileEvents")).AsRaw()
		for _, part := range []string{"payload", "raw_metadata"} {
			assert.Equal(t, "a.txt", bodyAt(event, part, "previous_file_name"))
			assert.Equal(t, c.ip, bodyAt(event, part, "request_source_ip"), c.protocol)
		}
	}
}

// storedBefore are entries as the release before wrote them.
var storedBefore = map[string]string{
	"identity/v1/object_id:73d664e4-0886-4a73-b745-c694da45ddb4": `{"seen":"2026-03-15T08:00:00Z","updated":"2026-03-15T07:00:00Z","upn":"jane@acme.com","object_id":"73d664e4-0886-4a73-b745-c694da45ddb4","domain":"acme.local","name":"jane","sids":["` + janeSID + `"]}`,
	"learned/v1/upn:bob@acme.com":                                `{"seen":"2026-03-15T08:00:00Z","updated":"2026-03-15T07:00:00Z","upn":"bob@acme.com","domain":"acme","name":"bob","sids":["` + bobSID + `"]}`,
	"device/v1/d1":                                               `{"seen":"2026-03-15T08:00:00Z","id":"d1","name":"ws-1.acme.local","logons":[{"since":"2026-03-15T07:00:00Z","users":[{"name":"jane","sid":"` + janeSID + `"}]}]}`,
	"user/v1/object_id:00000000-0000-0000-0000-000000000009":     `{"seen":"2026-03-15T08:00:00Z","updated":"2026-03-15T07:00:00Z","upn":"gone@acme.com","object_id":"00000000-0000-0000-0000-000000000009","removed":true}`,
}

// A storage of the release before is read as it was written.
func TestStoredBeforeIsReadNow(t *testing.T) {
	m := collector.NewStorage()
	client, err := m.GetClient(t.Context(), component.KindProcessor, processorID, "")
	require.NoError(t, err)
	for key, value := range storedBefore {
		require.NoError(t, client.Set(t.Context(), key, []byte(value)))
	}
	h := newHarnessOn(t, m)
	assert.Equal(t, "jane@acme.com", h.user(t, account("", "", janeSID).row("DeviceLogonEvents")))
	assert.Equal(t, "bob@acme.com", h.user(t, account("acme", "bob", "").row("DeviceLogonEvents")))
	assert.Equal(t, "jane@acme.com", h.user(t, columns{}.row("DeviceEvents")), "logged on")
	for key := range storedBefore {
		value, err := client.Get(t.Context(), key)
		require.NoError(t, err)
		assert.NotNil(t, value, "%s is kept", key)
	}
}

// What devices have shown outlives a restart.
func TestShownOutlivesARestart(t *testing.T) {
	m := collector.NewStorage()
	for run := range 2 {
		h := newHarnessOn(t, m)
		if run == 0 {
			h.consume(t, full("azuread", "janedoe", entra, "jane@acme.com", "").row("DeviceProcessEvents"))
		} else {
			assert.Equal(t, "jane@acme.com", h.user(t, account("AzureAD", "JaneDoe", "").row("DeviceLogonEvents")))
		}
		require.NoError(t, h.Shutdown(t.Context()))
	}
}
