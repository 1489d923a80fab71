package actor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/directory"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

func rowOf(t *testing.T, table string, columns map[string]any) row.Row {
	t.Helper()
	declared, ok := tables.ByName(table)
	require.True(t, ok)
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(columns))
	return row.New(declared, m, time.Date(2026, 3, 15, 9, 0, 0, 0, time.UTC))
}

func newResolver(t *testing.T) (*Resolver, *directory.Directories) {
	t.Helper()
	rules, err := accounts.NewRules(accounts.Patterns{}, accounts.Patterns{})
	require.NoError(t, err)
	known := directory.New(directory.Limits{MaxEntries: 100, MaxAge: time.Hour}, time.Now)
	return NewResolver(rules, known, true), known
}

func TestInbound(t *testing.T) {
	for _, c := range []struct {
		table, action, fields string
		want                  bool
	}{
		{"DeviceNetworkEvents", "InboundConnectionAccepted", "", true},
		{"DeviceNetworkEvents", "inboundInternetScanInspected", "", true},
		{"DeviceNetworkEvents", "ConnectionAttempt", `{"direction":"In"}`, true},
		{"DeviceNetworkEvents", "NtlmAuthenticationInspected", `{"Direction":" in "}`, true},
		{"DeviceNetworkEvents", "IcmpConnectionInspected", `{"direction":"Inbound"}`, true},
		{"DeviceNetworkEvents", "ConnectionSuccess", `{"direction":"Out"}`, false},
		{"DeviceNetworkEvents", "ConnectionSuccess", `not JSON, direction In`, false},
		{"DeviceNetworkEvents", "ConnectionSuccess", "", false},
		{"DeviceEvents", "FirewallInboundConnectionBlocked", "", true},
		{"DeviceEvents", "FirewallOutboundConnectionBlocked", "", false},
		{"DeviceEvents", "InboundX", "", false},
	} {
		r := rowOf(t, c.table, map[string]any{"ActionType": c.action, "AdditionalFields": c.fields})
		assert.Equal(t, c.want, isInbound(r), "%+v", c)
	}
}

func TestAboutAccounts(t *testing.T) {
	for action, want := range map[string]bool{
		"UserAccountCreated": true, "UserAccountDeleted": true, "UserAccountModified": true, "UserAccountAddedToLocalGroup": true,
		"UserAccountRemovedFromLocalGroup": true, "SecurityGroupCreated": true, "SecurityGroupDeleted": true, "PasswordChangeAttempt": true,
		"AccountCheckedForBlankPassword": true, "LogonRightsSettingEnabled": true, "useraccountcreated": true,
		"UsbDriveMounted": false, "": false, "User": false,
	} {
		assert.Equal(t, want, isAboutAccount(rowOf(t, "DeviceEvents", map[string]any{"ActionType": action})), action)
	}
	assert.False(t, isAboutAccount(rowOf(t, "DeviceProcessEvents", map[string]any{"ActionType": "UserAccountCreated"})), "another table")
}

// A person's key is the same for each form of her account, and another for what may be another's.
func TestKeys(t *testing.T) {
	v, known := newResolver(t)
	device := row.Device{ID: "d1", Name: "ws-1.acme.example"}
	key := func(a accounts.Account, d row.Device) string {
		return v.Person(Finding{Account: a, Person: known.Identify(a, d), Device: d}).Key
	}
	for name, c := range map[string]struct {
		account accounts.Account
		want    string
	}{
		"a UPN":                     {accounts.Account{Domain: "ACME", Name: "jane", UPN: "Jane@acme.example"}, "jane@acme.example"},
		"NetBIOS":                   {accounts.Account{Domain: "ACME", Name: "Jane"}, `acme\jane`},
		"DNS":                       {accounts.Account{Domain: "acme.example", Name: "jane"}, `acme\jane`},
		"the device's own":          {accounts.Account{Domain: "WS-1", Name: "jane"}, `ws-1\jane`},
		"the device's own, in full": {accounts.Account{Domain: "ws-1.acme.example", Name: "jane"}, `ws-1\jane`},
		"a name alone":              {accounts.Account{Name: "jane"}, `ws-1\jane`},
		"a SID":                     {accounts.Account{SID: "S-1-5-21-1-2-3-1001"}, "s-1-5-21-1-2-3-1001"},
		"Entra, by SID":             {accounts.Account{Domain: "AzureAD", Name: "jane", SID: "S-1-12-1-1-2-3-4"}, "00000001-0002-0000-0300-000004000000"},
		"Entra, by name":            {accounts.Account{Domain: "AzureAD", Name: "jane"}, `azuread\jane@d1`},
	} {
		assert.Equal(t, c.want, key(c.account, device), name)
	}
	assert.NotEqual(t, key(accounts.Account{Name: "jane"}, row.Device{ID: "d2"}), key(accounts.Account{Name: "jane"}, row.Device{ID: "d3"}))
}
