package totalnormalizeprocessor

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// who is the user and tuid of a row's event, or the reason of its drop.
func (h *harness) who(tb testing.TB, r plog.LogRecord) [2]string {
	tb.Helper()
	before := len(h.sink.AllLogs())
	user := h.user(tb, r)
	if len(h.sink.AllLogs()) == before {
		return [2]string{user}
	}
	tuid, _ := h.sink.AllLogs()[before].ResourceLogs().At(0).Resource().Attributes().Get("total.tuid")
	return [2]string{user, tuid.Str()}
}

// Who acted is remembered from call to call, and never longer than it is so: whatever changes in a directory, the next
// row has the answer of a processor that remembers nothing.
func TestRememberedIsNeverStale(t *testing.T) {
	onDevice := func(id, name string) columns { return columns{"DeviceId": id, "DeviceName": name} }
	mac := additional(columns{"InitiatingProcessPosixEffectiveUser": columns{"Name": "jane", "PosixUserId": 600}})
	for name, c := range map[string]struct {
		row, change plog.LogRecord
		known       []plog.LogRecord // before
	}{
		"IdentityInfo names the person": {
			account("acme", "jane", janeSID).row("DeviceLogonEvents"),
			columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID}.row("IdentityInfo"),
			nil,
		},
		"IdentityInfo calls it a service account": {
			account("acme", "jane", janeSID).row("DeviceLogonEvents"),
			columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID, "Type": "ServiceAccount"}.row("IdentityInfo"),
			nil,
		},
		"Users names the person": {
			account("acme", "jane", janeSID).row("DeviceLogonEvents"),
			columns{"id": entraID, "userPrincipalName": "jane@acme.com", "onPremisesSecurityIdentifier": janeSID}.row("Users"),
			nil,
		},
		"a row teaches whose the SID is": {
			account("acme", "jane", janeSID).row("DeviceLogonEvents"),
			full("acme", "jane", janeSID, "jane@acme.com", entraID).and(onDevice("", "ws-9")).row("DeviceProcessEvents"),
			nil,
		},
		"a row teaches what else is hers": {
			columns{"AccountObjectId": entraID}.row("DeviceProcessEvents"),
			full("acme", "jane", janeSID, "jane@acme.com", entraID).and(onDevice("", "ws-9")).row("DeviceProcessEvents"),
			[]plog.LogRecord{full("acme", "jane", janeSID, "jane@acme.com", "").and(onDevice("", "ws-9")).row("DeviceProcessEvents")},
		},
		"a device shows whose a name is": {
			account("", "jane", "").and(onDevice("d1", "ws-1")).row("DeviceLogonEvents"),
			account("acme", "jane", janeSID).and(onDevice("d1", "ws-1")).row("DeviceLogonEvents"),
			nil,
		},
		"DeviceInfo names the device, whose own account it is": {
			account("ws-1", "jane", "").and(onDevice("d1", "")).row("DeviceLogonEvents"),
			onDevice("d1", "ws-1").row("DeviceInfo"),
			[]plog.LogRecord{columns{"AccountUpn": "jane@acme.com", "AccountDomain": "ws-1", "AccountName": "jane"}.row("IdentityInfo")},
		},
		"another device has the same name": {
			account("ws-1", "jane", "").and(onDevice("d1", "ws-1")).row("DeviceLogonEvents"),
			onDevice("d2", "ws-1").row("DeviceInfo"),
			[]plog.LogRecord{onDevice("d1", "ws-1").row("DeviceInfo")},
		},
		"DeviceInfo shows an account": {
			account("", "jane", "").and(onDevice("d1", "ws-1")).row("DeviceLogonEvents"),
			onDevice("d1", "ws-1").and(columns{"LoggedOnUsers": `[{"UserName":"jane","DomainName":"acme","Sid":"` + janeSID + `"}]`}).row("DeviceInfo"),
			nil,
		},
		"DeviceInfo says that it is a Mac": {
			mac.and(onDevice("d1", "ws-1")).row("DeviceFileEvents"),
			onDevice("d1", "ws-1").and(columns{"OSPlatform": "macOS"}).row("DeviceInfo"),
			[]plog.LogRecord{onDevice("d1", "ws-1").row("DeviceInfo")},
		},
		"IdentityInfo names the person of evidence": {
			account("acme", "jane", janeSID).row("Alerts"),
			columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID}.row("IdentityInfo"),
			nil,
		},
		"IdentityInfo names whose account was changed": {
			account("acme", "bob", bobSID).and(columns{
				"ActionType": "UserAccountModified", "InitiatingProcessAccountDomain": "acme", "InitiatingProcessAccountSid": janeSID,
			}).row("DeviceEvents"),
			columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID}.row("IdentityInfo"),
			nil,
		},
		"another domain has the same label": {
			account("acme.local", "jane", "").row("DeviceLogonEvents"),
			account("acme.example", "bob", "").and(onDevice("", "ws-9")).row("DeviceLogonEvents"),
			[]plog.LogRecord{account("acme.local", "bob", "").row("DeviceLogonEvents")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			knowing, forgetful := newHarness(t), newHarness(t)
			knowing.consume(t, c.known...)
			before := knowing.who(t, c.row)
			require.Equal(t, before, knowing.who(t, c.row))
			knowing.consume(t, c.change)
			after := knowing.who(t, c.row)
			require.NotEqual(t, before, after, "the change is one")

			forgetful.consume(t, append(c.known, c.change)...)
			assert.Equal(t, forgetful.who(t, c.row), after)
		})
	}
}

func TestRememberedIsForgottenWithTheDirectorysEntry(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.Directories.MaxAge = 24 * time.Hour })
	h.consume(t, columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID}.row("IdentityInfo"))
	row := account("acme", "jane", janeSID).row("DeviceLogonEvents")
	require.Equal(t, "jane@acme.com", h.user(t, row))
	h.clock = h.clock.Add(25 * time.Hour)
	assert.Equal(t, `acme\jane`, h.user(t, row))
}

func TestRememberedIsForgottenWithAnEntryThatHasNoRoom(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.Directories.MaxEntries = 1 })
	h.consume(t, columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID}.row("IdentityInfo"))
	row := account("acme", "jane", janeSID).row("DeviceLogonEvents")
	require.Equal(t, "jane@acme.com", h.user(t, row))
	out := h.consume(t, columns{"AccountUpn": "bob@acme.com", "OnPremSid": bobSID}.row("IdentityInfo"), row)
	require.Len(t, out, 1)
	assert.Equal(t, `acme\jane`, payloadUser(out[0].ScopeLogs().At(0).LogRecords().At(0).Body().Map()))
}

func TestRememberedEndsWithTheMappingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tuids.csv")
	writeMapping(t, path, "jane@acme.com,t-1\n", time.Now())
	h := newHarness(t, func(c *Config) { c.TUID.MappingFile = path })
	row := columns{"AccountUpn": "jane@acme.com"}.row("DeviceProcessEvents")
	for range 2 {
		require.Equal(t, "t-1", h.who(t, row)[1])
	}
	writeMapping(t, path, "jane@acme.com,t-2\n", time.Now().Add(time.Minute))
	h.clock = h.clock.Add(2 * time.Second)
	assert.Equal(t, "t-2", h.who(t, row)[1])
}

// A person at work stays known, although the rows that say the same are not looked at each time.
func TestWhoIsRememberedDoesNotAge(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.Directories.MaxAge = 24 * time.Hour })
	h.consume(t, full("acme", "jane", janeSID, "jane@acme.com", entraID).row("DeviceProcessEvents"))
	for range 72 {
		h.clock = h.clock.Add(time.Hour)
		h.consume(t, full("acme", "jane", janeSID, "jane@acme.com", entraID).row("DeviceProcessEvents"))
	}
	assert.Equal(t, "jane@acme.com", h.user(t, account("acme", "jane", janeSID).row("DeviceLogonEvents")))
}

// Who was logged on is another one at another time.
func TestWhoWasLoggedOnIsNotRemembered(t *testing.T) {
	h := newHarness(t)
	for at, user := range map[string]string{"08:00": "jane", "10:00": "bob"} {
		h.consume(t, columns{
			"Timestamp": "2026-03-15T" + at + ":00Z", "DeviceId": "d1", "LoggedOnUsers": `[{"UserName":"` + user + `","DomainName":"acme"}]`,
		}.row("DeviceInfo"))
	}
	row := func(at string) plog.LogRecord {
		return columns{"Timestamp": "2026-03-15T" + at + ":00Z", "DeviceId": "d1"}.row("DeviceEvents")
	}
	for range 2 {
		out := h.consume(t, row("09:00"), row("11:00"), row("09:30"))
		require.Len(t, out, 2)
		for i, user := range []string{`acme\jane`, `acme\bob`} {
			for _, record := range out[i].ScopeLogs().At(0).LogRecords().All() {
				assert.Equal(t, user, payloadUser(record.Body().Map()))
			}
		}
	}
}

// A row whose verdict is remembered teaches nothing, so only that of a row which has nothing left to teach is.
func TestRowsTeachAgainWhatWasForgotten(t *testing.T) {
	nowhere := columns{"DeviceId": "", "DeviceName": "ws-9"}
	at := func(minute string, c columns) plog.LogRecord {
		return c.and(nowhere).and(columns{"Timestamp": "2026-03-15T08:" + minute + ":00Z"}).row("DeviceProcessEvents")
	}
	ofJane := full("acme", "jane", janeSID, "jane@acme.com", "")
	asked := account("", "", janeSID).and(nowhere).row("DeviceLogonEvents")
	for name, c := range map[string]struct {
		entries int
		other   columns
	}{
		"for want of room":              {1, full("acme", "bob", bobSID, "bob@acme.com", "")},
		"because another row denied it": {10, full("acme", "jane", bobSID, "jane@acme.com", "")},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, func(cfg *Config) { cfg.Directories.MaxEntries = c.entries })
			h.consume(t, at("01", ofJane), at("02", c.other))
			require.Equal(t, janeSID, h.user(t, asked), "forgotten")
			h.consume(t, at("03", ofJane))
			assert.Equal(t, "jane@acme.com", h.user(t, asked))
		})
	}
}

// A row of one table says another thing in the same columns than one of another table does.
func TestRememberedIsOfOneTable(t *testing.T) {
	asked := func(prefix string) columns {
		return columns{
			prefix + "AccountDomain": "acme", prefix + "AccountName": "jane", prefix + "AccountSid": janeSID,
			"InitiatingProcessAccountDomain": "acme", "InitiatingProcessAccountName": "bob", "InitiatingProcessAccountSid": bobSID,
		}
	}
	logon, file := asked("").row("DeviceLogonEvents"), asked("Request").and(columns{"RequestProtocol": "Local"}).row("DeviceFileEvents")
	h := newHarness(t)
	require.Equal(t, `acme\jane`, h.user(t, logon))
	require.Equal(t, `acme\jane`, h.user(t, logon))
	assert.Equal(t, `acme\bob`, h.user(t, file), "who has asked did not over the network")
}

// evidenceRows differ in one thing that says who acted, each from the one before.
func evidenceRows() []plog.LogRecord {
	entity := func(of columns) columns { return additional(of) }
	host := func(id string) columns {
		return columns{"Host": columns{"$ref": "1"}, "ImageFile": columns{"Host": columns{"$id": "1", "MachineId": id}}}
	}
	nameless := columns{"DeviceId": "", "DeviceName": ""}
	user := func(name string) columns { return columns{"AccountName": name, "AccountDomain": "acme"} }
	var list []plog.LogRecord
	for _, c := range []columns{
		account("acme", "jane", janeSID),
		account("acme", "bob", bobSID),
		entity(columns{"Account": columns{"Name": "jane", "NTDomain": "acme"}}),
		entity(columns{"Account": columns{"Name": "bob", "NTDomain": "acme"}}),
		entity(columns{"Account": columns{"$ref": "2"}, "Other": columns{"$id": "2", "Name": "jane", "UPNSuffix": "acme.com"}}),
		entity(columns{"Account": columns{"$ref": "2"}, "Other": columns{"$id": "2", "Name": "bob", "UPNSuffix": "acme.com"}}),
		entity(columns{"Name": "jane", "NTDomain": "acme"}),
		entity(columns{"Name": "jane", "NTDomain": "acme"}).and(columns{"EntityType": "User"}),
		entity(columns{"Name": "bob", "NTDomain": "acme"}).and(columns{"EntityType": "User"}),
		entity(columns{"Recipient": "jane@acme.com"}),
		entity(columns{"Recipient": "jane@acme.com"}).and(columns{"EntityType": "MailMessage"}),
		entity(columns{"Recipient": "bob@acme.com"}).and(columns{"EntityType": "MailMessage"}),
		entity(columns{"LoggedOnUsers": []any{`acme\jane`}}),
		entity(columns{"LoggedOnUsers": []any{`acme\bob`}}),
		entity(columns{"LoggedOnUsers": []any{`acme\jane`, `acme\bob`}}),
		entity(columns{"direction": "In", "LoggedOnUsers": []any{`acme\jane`}}),
		entity(columns{"InitiatingProcessPosixEffectiveUser": posixUser("jane")}),
		entity(host("d1")).and(nameless),
		entity(host("d2")).and(nameless),
		entity(host("d2")),
		{"AlertUsers": []any{user("jane")}},
		{"AlertUsers": []any{user("bob")}},
		{"AlertUsers": []any{user("jane"), user("bob")}},
		{"AlertUsers": []any{}},
		account("acme", "svc$", "").and(columns{"AlertUsers": []any{user("jane")}}),
	} {
		list = append(list, c.row("Alerts"))
	}
	for _, c := range []columns{
		{"ActionType": "UserAccountModified"},
		{"ActionType": "UserAccountAddedToLocalGroup"},
		additional(columns{"GroupName": "Admins", "GroupDomainName": "acme"}).and(columns{"ActionType": "UserAccountAddedToLocalGroup"}),
		additional(columns{"GroupName": "Users", "GroupDomainName": "acme"}).and(columns{"ActionType": "UserAccountAddedToLocalGroup"}),
		additional(columns{"GroupName": "Users", "GroupDomainName": "acme"}).and(columns{"ActionType": "UserAccountModified"}),
		additional(columns{"MemberName": "eve", "MemberDomainName": "acme"}).and(columns{"ActionType": "UserAccountAddedToLocalGroup"}),
		additional(columns{"MemberName": "eve", "MemberDomainName": "acme"}).and(columns{"ActionType": "SecurityGroupMemberAdded"}),
		additional(columns{"MemberName": "mal", "memberDomainName": "acme"}).and(columns{"ActionType": "SecurityGroupMemberAdded"}),
	} {
		acting := columns{"InitiatingProcessAccountDomain": "acme", "InitiatingProcessAccountName": "jane", "InitiatingProcessAccountSid": janeSID}
		list = append(list, account("acme", "bob", bobSID).and(acting).and(c).row("DeviceEvents"))
	}
	object := func(fields columns) columns { return columns{"AdditionalFields": map[string]any(fields)} }
	user500 := map[string]any{"Name": "jane", "PosixUserId": 600}
	for _, c := range []columns{
		{},
		object(columns{"x": 1}),
		object(columns{"x": 2}).and(columns{"InitiatingProcessAccountName": "jane", "InitiatingProcessAccountDomain": "acme"}),
		object(columns{"direction": "In"}).and(columns{"InitiatingProcessAccountName": "jane", "InitiatingProcessAccountDomain": "acme"}),
		object(columns{"direction": "In"}).and(columns{"AccountName": "jane", "AccountDomain": "acme"}),
		object(columns{"direction": "Out"}).and(columns{"AccountName": "jane", "AccountDomain": "acme"}),
		object(columns{"ProcessPosixEffectiveUser": user500}),
		object(columns{"ProcessPosixEffectiveUser": user500}).and(columns{"FolderPath": "/Users/jane/x"}),
		object(columns{"ProcessPosixEffectiveUser": map[string]any{"Name": "jane", "PosixUserId": 1600}}),
		object(columns{"ProcessPosixEffectiveUser": map[string]any{"Name": "bob", "PosixUserId": 1600}}),
		object(columns{"InitiatingProcessPosixEffectiveUser": map[string]any{"Name": "bob", "PosixUserId": 1600}}).and(columns{"ActionType": "UserAccountModified"}),
		object(columns{"ProcessPosixEffectiveUser": map[string]any{"Name": "bob", "PosixUserId": 1600}}).and(columns{"ActionType": "UserAccountModified"}),
		object(columns{"ProcessPosixEffectiveUser": map[string]any{"Name": "jane", "PosixUserId": 600, "PrimaryPosixGroup": map[string]any{"Name": "staff"}}}),
		object(columns{"LoggedOnUsers": []any{`acme\jane`}}),
		object(columns{"LoggedOnUsers": []any{`acme\bob`}}),
	} {
		list = append(list, columns{"DeviceId": "d3", "DeviceName": "ws-3"}.and(c).row("DeviceEvents"))
	}
	return list
}

// What is remembered of one row is not said of another: each event is that of a processor that remembers nothing.
func TestRememberedIsToldApart(t *testing.T) {
	directories := []plog.LogRecord{
		columns{"DeviceId": "d1", "DeviceName": "ws-1", "LoggedOnUsers": `[{"UserName":"jane","DomainName":"acme"}]`}.row("DeviceInfo"),
		columns{"DeviceId": "d2", "DeviceName": "ws-2", "LoggedOnUsers": `[{"UserName":"bob","DomainName":"acme"}]`}.row("DeviceInfo"),
		columns{"AccountUpn": "jane@acme.com", "AccountDomain": "acme", "AccountName": "jane", "OnPremSid": janeSID}.row("IdentityInfo"),
		columns{"AccountUpn": "bob@acme.com", "AccountDomain": "acme", "AccountName": "bob", "OnPremSid": bobSID}.row("IdentityInfo"),
	}
	knowing, forgetful := newHarness(t), newHarness(t)
	said := func(h *harness, r plog.LogRecord) string {
		before := h.dropReasons()
		for _, resource := range h.consume(t, r) {
			return orderedJSON(t, resource.ScopeLogs().At(0).LogRecords().At(0).Body())
		}
		for reason, n := range h.dropReasons() {
			if n > before[reason] {
				return reason
			}
		}
		return ""
	}
	knowing.consume(t, directories...)
	forgetful.consume(t, directories...)
	rows := evidenceRows()
	knowing.consume(t, rows...)
	forgetful.consume(t, rows...)
	for range 2 {
		for i, r := range rows {
			forgetful.clock = forgetful.clock.Add(time.Hour) // longer than anything is remembered
			want := said(forgetful, r)
			assert.Equal(t, want, said(knowing, r), "row %d", i)
		}
	}
}

// Calls that come at once do not share what they read with.
func TestCallsAtOnce(t *testing.T) {
	h := newHarness(t)
	rows := evidenceRows()
	want := h.consume(t, rows...)
	const calls = 8
	var wait sync.WaitGroup
	for range calls {
		wait.Go(func() { assert.NoError(t, h.ConsumeLogs(t.Context(), logsOf(rows...))) })
	}
	wait.Wait()
	h.in += calls * len(rows)
	for _, logs := range h.sink.AllLogs() {
		assert.Equal(t, len(want), logs.ResourceLogs().Len())
	}
}
