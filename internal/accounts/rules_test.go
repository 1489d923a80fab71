package accounts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	domainSID = "S-1-5-21-1234567890-1234567890-1234567890-"
	human     = Reason("")
)

// A case is written domain, name, SID, UPN; the reason is empty where the account is a person's.
var accountCases = []struct {
	domain, name, sid, upn string
	reason                 Reason
}{
	// People.
	{"ACME", "jane.doe", domainSID + "1001", "", human},
	{"acme", "jane.doe", "", "", human},
	{"", "jane.doe", "", "", human},
	{"", "", "", "jane.doe@acme.com", human},
	{"", "", domainSID + "1001", "", human},
	{"AzureAD", "JaneDoe", "S-1-12-1-1234567890-1234567890-1234567890-1234567890", "", human},
	{"azuread", "janedoe", "", "", human},
	{"AzureAD", "guest", "s-1-12-1-1-2-3-4", "", human},
	{"", "mail", "S-1-12-1-1-2-3-4", "", human},
	{"ACME", "Administrator", domainSID + "500", "", human},
	{"ACME", "system", domainSID + "1105", "", human},
	{"ACME", "Sistema", domainSID + "1105", "", human},
	{"ACME", "rpc", domainSID + "1105", "", human},
	{"DESKTOP-BOB", "bob", domainSID + "1001", "", human},
	{"acme", "dwm-smith", "", "", human},
	{"acme", "umfd-", "", "", human},
	{"acme", "krbtgt_bob", "", "", human},
	{"acme", "rooth", "", "", human},
	{"acme", "guest1", "", "", human},
	{"acme", "jane.doe", nullSID, "", human},
	{"acme", "svc-backup", domainSID + "2001", "", human},
	{"acme", "sa-backup", "", "", human},
	{"acme", "500", "", "", human},
	{"acme", "jane$doe", "", "", human},
	{"mac-1", "jane", "S-1-5-21-987654321-987654321-987654321-2002", "", human},
	{"acme", "jane", domainSID + "5011", "", human},
	{"acme", "jane", "S-1-5-21", "", human},
	{"acme", "jane", "not a SID", "", human},
	{"authority", "jane", "", "", human},

	// By SID, whatever the language and case of the name.
	{"NT AUTHORITY", "SYSTEM", "S-1-5-18", "", "system"},
	{"nt authority", "system", "s-1-5-18", "", "system"},
	{"autorite nt", "système", "S-1-5-18", "", "system"},
	{"NT-AUTORITÄT", "Lokaler Dienst", "S-1-5-19", "", "local_service"},
	{"", "", "S-1-5-18", "", "system"},
	{"macbook-pro", "root", "S-1-5-18", "", "system"},
	{"acme", "jane.doe", "S-1-5-18", "", "system"},
	{"nt authority", "local service", "S-1-5-19", "", "local_service"},
	{"nt authority", "network service", "S-1-5-20", "", "network_service"},
	{"nt authority", "anonymous logon", "S-1-5-7", "", "anonymous"},
	{"nt authority", "iusr", "S-1-5-17", "", "iis"},
	{"nt service", "mssqlserver", "S-1-5-80-3880718306-3832830129-1677859214-2598158968-1052248003", "", "nt_service"},
	{"", "", "S-1-5-80-1-2-3-4-5", "", "nt_service"},
	{"iis apppool", "defaultapppool", "S-1-5-82-1-2-3-4-5", "", "iis"},
	{"nt virtual machine", "vm", "S-1-5-83-1-1-2-3-4", "", "virtual_machine"},
	{"", "", "S-1-5-83-0", "", "virtual_machine"},
	{"", "driver", "S-1-5-84-0-0-0-0-0", "", "driver"},
	{"", "task", "S-1-5-87-1-2", "", "task"},
	{"", "winrm", "S-1-5-94-1", "", "winrm"},
	{"window manager", "dwm-1", "S-1-5-90-0-1", "", "window_manager"},
	{"user manager", "containeradministrator", "S-1-5-93-2-1", "", "container"},
	{"font driver host", "umfd-0", "S-1-5-96-0-0", "", "font_driver"},
	{"virtual users", "sshd_1234", "S-1-5-111-3847866527-469524349-687026318-516638107-1125189541-6052", "", "virtual_user"},
	{"", "", "S-1-15-2-1-2", "", "app_container"},
	{"", "", "S-1-15-3-1", "", "app_container"},
	{"", "everyone", "S-1-1-0", "", "group_sid"},
	{"", "", "S-1-5-11", "", "group_sid"},
	{"", "", "S-1-5-2", "", "group_sid"},
	{"", "", "S-1-5-3", "", "group_sid"},
	{"", "", "S-1-5-4", "", "group_sid"},
	{"", "", "S-1-5-6", "", "group_sid"},
	{"", "", "S-1-5-14", "", "group_sid"},
	{"builtin", "administrators", "S-1-5-32-544", "", "group_sid"},
	{"", "", "S-1-5-113", "", "group_sid"},
	{"", "", "S-1-5-114", "", "group_sid"},
	{"acme", "invité", domainSID + "501", "", "guest"},
	{"acme", "krbtgt", domainSID + "502", "", "krbtgt"},
	{"acme", "defaultaccount", domainSID + "503", "", "default_account"},
	{"acme", "wdagutilityaccount", domainSID + "504", "", "application_guard"},

	// By domain, where the SID says nothing.
	{"NT AUTHORITY", "whatever", "", "", "nt_authority"},
	{"Window Manager", "x", "", "", "window_manager"},
	{"font driver host", "x", "", "", "font_driver"},
	{"NT SERVICE", "TrustedInstaller", "", "", "nt_service"},
	{"IIS APPPOOL", "site", "", "", "iis"},
	{"nt virtual machine", "x", "", "", "virtual_machine"},
	{"user manager", "x", "", "", "container"},
	{"restricted services", "x", "", "", "nt_service"},

	// By name, where neither does.
	{"", "SYSTEM", "", "", "system"},
	{"", "Système", "", "", "system"},
	{"", "СИСТЕМА", "", "", "system"},
	{"acme", "system", "", "", "system"},
	{"", "local service", "", "", "local_service"},
	{"", "network service", "", "", "network_service"},
	{"", "anonymous logon", "", "", "anonymous"},
	{"", "iusr", "", "", "iis"},
	{"", "trustedinstaller", "", "", "nt_service"},
	{"", "DWM-12", "", "", "window_manager"},
	{"", "UMFD-3", "", "", "font_driver"},
	{"$", "$", "", "", "computer_or_managed_account"},
	{"", "$", "", "", "computer_or_managed_account"},
	{"acme", "D2WXA1303R$", "", "", "computer_or_managed_account"},
	{"acme", "gmsa-sql$", domainSID + "1310", "", "computer_or_managed_account"},
	{"acme", "Guest", "", "", "guest"},
	{"mac-1", "guest", "S-1-5-21-987654321-987654321-987654321-1402", "", "guest"},
	{"acme", "krbtgt_21456", domainSID + "1106", "", "krbtgt"},
	{"", "defaultaccount", "", "", "default_account"},
	{"desktop", "defaultuser0", domainSID + "1000", "", "default_account"},
	{"", "defaultuser100000", "", "", "default_account"},
	{"", "wsiaccount", domainSID + "1002", "", "default_account"},
	{"acme", "MSOL_0123456789ab", domainSID + "1111", "", "directory_sync"},
	{"acme", "AAD_0123456789ab", "", "", "directory_sync"},
	{"acme", "HealthMailbox0659e34", domainSID + "1133", "", "exchange_mailbox"},
	{"acme", "SM_bf8d0a0f2b5a4a0d9", "", "", "exchange_mailbox"},
	{"", "", "", "HealthMailbox0659e34@acme.com", "exchange_mailbox"},
	{"linux-1", "root", "", "", "root"},
	{"mac-1", "_windowserver", "", "", "posix_daemon"},
	{"mac-1", "_spotlight", "S-1-5-21-987654321-987654321-987654321-1178", "", "posix_daemon"},
	{"linux-1", "systemd-resolve", "", "", "posix_daemon"},
	{"linux-1", "daemon", "", "", "posix_daemon"},
	{"linux-1", "nobody", "", "", "posix_daemon"},
	{"linux-1", "mdatp", "", "", "posix_daemon"},
	{"linux-1", "www-data", "", "", "posix_daemon"},
	{"linux-1", "postgres", "", "", "posix_daemon"},
	{"linux-1", "gdm", "", "", "posix_daemon"},
	{"linux-1", "sshd", "", "", "posix_daemon"},
}

func TestBuiltinRules(t *testing.T) {
	rules, err := NewRules(Patterns{}, Patterns{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(accountCases), 80)
	for _, c := range accountCases {
		a := Account{Domain: c.domain, Name: c.name, SID: c.sid, UPN: c.upn}.Clean()
		reason, non := rules.NonHuman(a)
		assert.Equal(t, c.reason != human, non, "%+v", a)
		if non {
			assert.Equal(t, c.reason, reason, "%+v", a)
		}
	}
}

func TestUserPatternsWinOverBuiltin(t *testing.T) {
	rules, err := NewRules(
		Patterns{Names: []string{`svc-*`, `ACME\scan?`, "*@robots.acme.com"}, Domains: []string{"lab-*"}, SIDs: []string{"s-1-5-21-9-*"}},
		Patterns{Names: []string{"svc-jane", "sshd"}, Domains: []string{"humans"}, SIDs: []string{"S-1-5-18"}},
	)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		account Account
		reason  Reason
	}{
		"name glob, any case":           {Account{Domain: "ACME", Name: "SVC-Backup"}, excluded},
		"include wins over exclude":     {Account{Name: "Svc-Jane"}, human},
		"include wins over builtin":     {Account{Name: "sshd"}, human},
		"include by SID":                {Account{Name: "system", SID: "S-1-5-18"}, human},
		"include by domain":             {Account{Domain: "HUMANS", Name: "pc$"}, human},
		"domain and name":               {Account{Domain: "acme", Name: "Scan1"}, excluded},
		"question mark is one":          {Account{Domain: "acme", Name: "scan12"}, human},
		"other domain":                  {Account{Domain: "emca", Name: "scan1"}, human},
		"UPN":                           {Account{UPN: "r2@Robots.acme.com"}, excluded},
		"a dot is a dot":                {Account{UPN: "r2@robotsXacme.com"}, human},
		"domain glob":                   {Account{Domain: "LAB-7", Name: "jane"}, excluded},
		"SID glob":                      {Account{Name: "jane", SID: "S-1-5-21-9-8-7-1001"}, excluded},
		"builtin holds for the rest":    {Account{Name: "guest"}, "guest"},
		"domain pattern is not a name":  {Account{Name: "lab-7"}, human},
		"no name does not match a star": {Account{SID: domainSID + "1001"}, human},
	} {
		reason, non := rules.NonHuman(c.account)
		assert.Equal(t, c.reason, reason, name)
		assert.Equal(t, c.reason != human, non, name)
	}
}

func TestEmptyPatternIsRefused(t *testing.T) {
	_, err := NewRules(Patterns{SIDs: []string{" "}}, Patterns{})
	require.ErrorContains(t, err, "exclude: 'sids'")
	_, err = NewRules(Patterns{}, Patterns{Domains: []string{""}})
	require.ErrorContains(t, err, "include: 'domains'")
}

// Every account that stays on the server must be one that the processor would have dropped.
func TestServerRulesAreASubset(t *testing.T) {
	rules, err := NewRules(Patterns{}, Patterns{})
	require.NoError(t, err)
	server := ServerRules()
	require.NotEmpty(t, server.SIDs)
	require.NotEmpty(t, server.SIDPrefixes)
	require.NotEmpty(t, server.Names)
	sids := append([]string{""}, server.SIDs...)
	for _, prefix := range server.SIDPrefixes {
		sids = append(sids, prefix+"1", prefix+"0-1")
	}
	matched := 0
	for _, sid := range sids {
		for _, c := range accountCases {
			for _, a := range []Account{
				{Domain: c.domain, Name: c.name, SID: sid, UPN: c.upn},
				{Domain: c.domain, Name: c.name, SID: c.sid, UPN: c.upn},
			} {
				if !server.Matches(a) {
					continue
				}
				matched++
				_, non := rules.NonHuman(a.Clean())
				assert.True(t, non, "%+v", a)
			}
		}
	}
	assert.Positive(t, matched)
	for _, name := range server.Names {
		_, non := rules.NonHuman(Account{Domain: "AzureAD", Name: name})
		assert.True(t, non, name)
	}
}

func TestServerRulesKeepWhatMayBeAPersons(t *testing.T) {
	server := ServerRules()
	for _, a := range []Account{
		{Name: "root"},
		{Domain: "mac-1", Name: "root", SID: "S-1-5-18"},
		{Name: "Root", SID: "S-1-5-18"},
		{Name: "system", SID: domainSID + "1105"},
		{SID: domainSID + "1001"},
		{SID: "S-1-12-1-1-2-3-4"},
		{},
		{Name: "pc$"},
		{Name: "guest"},
	} {
		assert.False(t, server.Matches(a), "%+v", a)
	}
	for _, a := range []Account{
		{Name: "SYSTEM"}, {Name: "système", SID: "s-1-5-18"}, {SID: "S-1-5-90-0-2"}, {Name: "x", SID: "S-1-5-80-1-2"},
	} {
		assert.True(t, server.Matches(a), "%+v", a)
	}
}
