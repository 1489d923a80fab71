package accounts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

const (
	domainSID = "S-1-5-21-1234567890-1234567890-1234567890-"
	human     = Reason("")
)

type accountCase struct {
	domain, name, sid, upn string
	reason                 Reason
}

// A case is written domain, name, SID, UPN; the reason is empty where the account is a person's.
var accountCases = []accountCase{
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
	{"acme", "jane.doe", "S-1-0-0", "", human},
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
	{"linux-1", "systemd-resolve", "", "", "posix_daemon"},
	{"linux-1", "daemon", "", "", "posix_daemon"},
	{"linux-1", "nobody", "", "", "posix_daemon"},
	{"linux-1", "mdatp", "", "", "posix_daemon"},
	{"linux-1", "www-data", "", "", "posix_daemon"},
	{"linux-1", "postgres", "", "", "posix_daemon"},
	{"linux-1", "gdm", "", "", "posix_daemon"},
	{"linux-1", "sshd", "", "", "posix_daemon"},
}

// knownCases are accounts of which more is known than a name: an object id, that they are the device's own, a POSIX
// user id, what a directory calls them.
var knownCases = []struct {
	account Account
	facts   Facts
	reason  Reason
}{
	// A daemon's name is a person's where something says so.
	{Account{Domain: "acme", Name: "adm", ObjectID: "o"}, Facts{}, human},
	{Account{Domain: "acme", Name: "mail", SID: domainSID + "1301"}, Facts{}, human},
	{Account{Domain: "acme", Name: "apache", SID: domainSID + "1302", UPN: "apache@acme.com"}, Facts{}, human},
	{Account{Domain: "acme", Name: "root", ObjectID: "o"}, Facts{}, human},
	{Account{Domain: "acme", Name: "_jane", UPN: "_jane@acme.com"}, Facts{}, human},
	{Account{Domain: "acme", Name: "_jane", SID: domainSID + "1303"}, Facts{}, human},
	{Account{Domain: "acme", Name: "systemd-smith", UPN: "s@acme.com"}, Facts{}, human},
	{Account{Domain: "mac-1", Name: "_spotlight", SID: "S-1-5-21-987654321-987654321-987654321-1178"}, Facts{Local: true}, posixDaemon},
	{Account{Domain: "mac-1", Name: "daemon", SID: "S-1-5-21-987654321-987654321-987654321-1001"}, Facts{Local: true}, posixDaemon},
	{Account{Name: "mail", SID: domainSID + "1304"}, Facts{}, posixDaemon},

	// Reserved prefixes have a shape, and a UPN of that shape is no person's either.
	{Account{Domain: "acme", Name: "sm_jones"}, Facts{}, human},
	{Account{Domain: "acme", Name: "SM_0123456789abcdef0", SID: domainSID + "1401"}, Facts{}, "exchange_mailbox"},
	{Account{Domain: "acme", Name: "SM_0123456789abcdef0", UPN: "sue.moss@acme.com"}, Facts{}, human},
	{Account{Domain: "acme", Name: "SM_0123456789abcdef0", UPN: "SM_0123456789abcdef0@acme.com", ObjectID: "o"}, Facts{}, "exchange_mailbox"},
	{Account{Domain: "acme", Name: "aad_anna"}, Facts{}, human},
	{Account{Domain: "acme", Name: "AAD_0123456789ab", ObjectID: "o"}, Facts{}, human},
	{Account{Domain: "acme", Name: "msol_team"}, Facts{}, human},
	{Account{Domain: "acme", Name: "MSOL_0123456789ab", SID: domainSID + "1402"}, Facts{}, "directory_sync"},
	{Account{Domain: "acme", Name: "HealthMailbox7", UPN: "HealthMailbox7@acme.com"}, Facts{}, "exchange_mailbox"},
	{Account{Domain: "acme", Name: "HealthMailbox0123456789abcdef0123456789abcdef"}, Facts{}, "exchange_mailbox"},
	{Account{Domain: "acme", Name: "dwm-7", UPN: "d.meyer@acme.com"}, Facts{}, human},
	{Account{Domain: "acme", Name: "guest", UPN: "gwen.guest@acme.com"}, Facts{}, human},
	{Account{Domain: "acme", Name: "WS-9$", UPN: "ws-9@acme.com", ObjectID: "o"}, Facts{}, "computer_or_managed_account"},

	// POSIX user ids go before names.
	{Account{Domain: "lx-1", Name: "deploy"}, Facts{Local: true, UID: "998"}, posixDaemon},
	{Account{Domain: "lx-1", Name: "deploy"}, Facts{Local: true, UID: "1000"}, human},
	{Account{Domain: "lx-1", Name: "any"}, Facts{Local: true, UID: "1"}, posixDaemon},
	{Account{Domain: "lx-1", Name: "toor"}, Facts{Local: true, UID: "0"}, root},
	{Account{Domain: "lx-1", Name: "overflow"}, Facts{Local: true, UID: "65534"}, posixDaemon},
	{Account{Domain: "mac-1", Name: "overflow"}, Facts{Local: true, UID: "4294967294", Apple: true}, posixDaemon},
	{Account{Domain: "mac-1", Name: "overflow"}, Facts{Local: true, UID: "-2", Apple: true}, posixDaemon},
	{Account{Domain: "mac-1", Name: "alex"}, Facts{Local: true, UID: "501", Apple: true}, human},
	{Account{Domain: "mac-1", Name: "alex"}, Facts{Local: true, UID: "500", Apple: true}, human},
	{Account{Domain: "mac-1", Name: "helper"}, Facts{Local: true, UID: "499", Apple: true}, posixDaemon},
	{Account{Domain: "lx-1", Name: "alex"}, Facts{Local: true, UID: "501"}, posixDaemon},
	{Account{}, Facts{UID: "70001"}, unnamedUser},
	{Account{Domain: "lx-1", Name: "ann"}, Facts{UID: "x"}, human},
	{Account{Domain: "acme", Name: "ann", SID: "S-1-5-18"}, Facts{UID: "1000"}, "system"},

	// What a directory calls a service account.
	{Account{Domain: "acme", Name: "backup.exec", UPN: "backup.exec@acme.com", ObjectID: "o"}, Facts{Service: true}, serviceAccount},
	{Account{Domain: "AzureAD", Name: "x", SID: "S-1-12-1-1-2-3-4"}, Facts{Service: true}, serviceAccount},

	// Groups by SID, and what merely begins like one.
	{Account{Name: "jane", SID: "S-1-2-3"}, Facts{}, human},
	{Account{SID: "S-1-2-0"}, Facts{}, "group_sid"},
	{Account{SID: "S-1-2-1"}, Facts{}, "group_sid"},
	{Account{SID: "S-1-3-4"}, Facts{}, "group_sid"},
	{Account{Name: "jane", SID: "S-1-3-77"}, Facts{}, human},
	{Account{Name: "jane", SID: "S-1-16-x"}, Facts{}, human},
	{Account{SID: "S-1-16-12288"}, Facts{}, "group_sid"},
	{Account{SID: "S-1-5-32-545"}, Facts{}, "group_sid"},
	{Account{Name: "jane", SID: "S-1-5-32-545-9"}, Facts{}, human},
	{Account{SID: "S-1-5-5-0-99"}, Facts{}, "group_sid"},
	{Account{Name: "jane", SID: "S-1-5-5-99"}, Facts{}, human},
	{Account{SID: "S-1-5-64-10"}, Facts{}, "group_sid"},
	{Account{SID: "S-1-18-1"}, Facts{}, "group_sid"},
	{Account{Domain: "acme", Name: "domain users", SID: domainSID + "513"}, Facts{}, "group_sid"},
	{Account{Domain: "acme", Name: "admins", SID: domainSID + "512"}, Facts{}, "group_sid"},
	{Account{Domain: "acme", Name: "jane", SID: domainSID + "5120"}, Facts{}, human},

	// Windows in other languages, by domain and by name, with and without accents.
	{Account{Domain: "AUTORITE NT", Name: "Système"}, Facts{}, "nt_authority"},
	{Account{Domain: "AUTORITE\u0301 NT", Name: "x"}, Facts{}, "nt_authority"},
	{Account{Domain: "NT-AUTORITÄT", Name: "SYSTEM"}, Facts{}, "nt_authority"},
	{Account{Domain: "nt-autorita\u0308t", Name: "SYSTEM"}, Facts{}, "nt_authority"},
	{Account{Domain: "ZARZĄDZANIE NT", Name: "SYSTEM"}, Facts{}, "nt_authority"},
	{Account{Domain: "NT INSTANS", Name: "SYSTEM"}, Facts{}, "nt_authority"},
	{Account{Domain: "NT-MYNDIGHET", Name: "SYSTEM"}, Facts{}, "nt_authority"},
	{Account{Domain: "AUTORIDADE NT", Name: "SISTEMA"}, Facts{}, "nt_authority"},
	{Account{Domain: "КОРОЛЕВСТВО NT", Name: "x"}, Facts{}, "nt_authority"}, // a language to come
	{Account{Domain: "nt", Name: "jane"}, Facts{}, human},
	{Account{Domain: "NT-CORP", Name: "jane"}, Facts{}, human},
	{Account{Domain: "GESTIONNAIRE DE FENETRES", Name: "X"}, Facts{}, "window_manager"},
	{Account{Domain: "Fenster-Manager", Name: "X"}, Facts{}, "window_manager"},
	{Account{Domain: "Диспетчер окон", Name: "X"}, Facts{}, "window_manager"},
	{Account{Domain: "Menedżer okien", Name: "X"}, Facts{}, "window_manager"},
	{Account{Name: "Netzwerkdienst"}, Facts{}, "network_service"},
	{Account{Name: "SERVICE RESEAU"}, Facts{}, "network_service"},
	{Account{Name: "Servizio di rete"}, Facts{}, "network_service"},
	{Account{Name: "AĞ HİZMETİ"}, Facts{}, "network_service"},
	{Account{Name: "СЕТЕВАЯ СЛУЖБА"}, Facts{}, "network_service"},
	{Account{Name: "Nätverkstjänst"}, Facts{}, "network_service"},
	{Account{Name: "USŁUGA LOKALNA"}, Facts{}, "local_service"},
	{Account{Name: "Serviço Local"}, Facts{}, "local_service"},
	{Account{Name: "Lokal tjeneste"}, Facts{}, "local_service"},
	{Account{Name: "ANONYMOUS-ANMELDUNG"}, Facts{}, "anonymous"},
	{Account{Name: "Accesso anonimo"}, Facts{}, "anonymous"},
	{Account{Domain: "acme", Name: "Sistema", SID: domainSID + "1501"}, Facts{}, human},

	// The guest's other names are surnames, too.
	{Account{Domain: "ws-1", Name: "Gast"}, Facts{Local: true}, "guest"},
	{Account{Domain: "ws-1", Name: "INVITÉ"}, Facts{Local: true}, "guest"},
	{Account{Domain: "acme", Name: "Gast"}, Facts{}, human},
	{Account{Domain: "acme", Name: "gast", UPN: "g.gast@acme.com"}, Facts{Local: true}, human},
}

func TestBuiltinRules(t *testing.T) {
	rules, err := NewRules(Patterns{}, Patterns{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(accountCases)+len(knownCases), 160)
	check := func(a Account, facts Facts, want Reason) {
		reason, non := rules.NonHuman(a, facts)
		assert.Equal(t, want != human, non, "%+v %+v %s", a, facts, reason)
		if non {
			assert.Equal(t, want, reason, "%+v %+v", a, facts)
		}
	}
	for _, c := range accountCases {
		check(Account{Domain: c.domain, Name: c.name, SID: c.sid, UPN: c.upn}.Clean(), Facts{}, c.reason)
	}
	for _, c := range knownCases {
		check(c.account.Clean(), c.facts, c.reason)
	}
}

// The case of what a row says, and whether it writes accents, decide nothing.
func TestCaseDecidesNothing(t *testing.T) {
	rules, err := NewRules(Patterns{}, Patterns{})
	require.NoError(t, err)
	for _, c := range knownCases {
		a := c.account.Clean()
		want, _ := rules.NonHuman(a, c.facts)
		for _, change := range []func(string) string{strings.ToUpper, strings.ToLower, norm.NFD.String} {
			b := Account{Domain: change(a.Domain), Name: change(a.Name), SID: change(a.SID), UPN: change(a.UPN), ObjectID: a.ObjectID}
			got, _ := rules.NonHuman(b, c.facts)
			assert.Equal(t, want, got, "%+v", b)
		}
	}
}

func TestPlaceholdersNameNobody(t *testing.T) {
	for _, name := range []string{"-", " - ", "(null)", "N/A", "n/a", "unknown", "Unknown", "<unknown>", "NULL", `-\-`, `ACME\(null)`} {
		assert.True(t, Account{Domain: "-", Name: name, SID: "s-1-0-0", ObjectID: "00000000-0000-0000-0000-000000000000"}.Clean().IsEmpty(), name)
	}
	assert.Equal(t, Account{Name: "jane"}, Account{Domain: "-", Name: "jane", UPN: "N/A"}.Clean())
	assert.False(t, Account{Name: "unknown.user"}.Clean().IsEmpty())
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
		reason, non := rules.NonHuman(c.account, Facts{})
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
				_, non := rules.NonHuman(a.Clean(), Facts{})
				assert.True(t, non, "%+v", a)
			}
		}
	}
	assert.Positive(t, matched)
	for _, name := range server.Names {
		_, non := rules.NonHuman(Account{Domain: "AzureAD", Name: name}, Facts{})
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
