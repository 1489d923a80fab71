package accounts

// subject is the part of an account that a rule looks at.
type subject uint8

const (
	bySID subject = iota
	byDomain
	byName
)

// rule is one built-in reason to call an account nobody's. Patterns are lower case (SIDs upper); in
// them `*` stands for anything, at one end or, in SIDs, for a domain's own part (S-1-5-21-*-501);
// `#` at the end stands for digits.
type rule struct {
	subject subject
	pattern string
	reason  Reason
	// server rules may be applied before a row leaves the service.
	server bool
	// fixedSID names stand for accounts whose SID is no domain's or machine's own: an account of that
	// name with such a SID is another one.
	fixedSID bool
}

// builtin are the accounts that no person acts under (Microsoft's list of well-known SIDs; what
// Windows, Exchange, Entra Connect, macOS and Linux create). RID 500, the built-in Administrator, is
// missing on purpose: a shared account, but people use it.
var builtin = []rule{
	{subject: bySID, pattern: "S-1-5-18", reason: "system", server: true},
	{subject: bySID, pattern: "S-1-5-19", reason: "local_service", server: true},
	{subject: bySID, pattern: "S-1-5-20", reason: "network_service", server: true},
	{subject: bySID, pattern: "S-1-5-7", reason: "anonymous", server: true},
	{subject: bySID, pattern: "S-1-5-17", reason: "iis", server: true},
	{subject: bySID, pattern: "S-1-5-80-*", reason: "nt_service", server: true},
	{subject: bySID, pattern: "S-1-5-82-*", reason: "iis", server: true},
	{subject: bySID, pattern: "S-1-5-83-*", reason: "virtual_machine", server: true},
	{subject: bySID, pattern: "S-1-5-84-*", reason: "driver", server: true},
	{subject: bySID, pattern: "S-1-5-87-*", reason: "task", server: true},
	{subject: bySID, pattern: "S-1-5-90-*", reason: "window_manager", server: true},
	{subject: bySID, pattern: "S-1-5-93-*", reason: "container", server: true},
	{subject: bySID, pattern: "S-1-5-94-*", reason: "winrm", server: true},
	{subject: bySID, pattern: "S-1-5-96-*", reason: "font_driver", server: true},
	{subject: bySID, pattern: "S-1-5-111-*", reason: "virtual_user", server: true},
	{subject: bySID, pattern: "S-1-15-2-*", reason: "app_container", server: true},
	{subject: bySID, pattern: "S-1-15-3-*", reason: "app_container", server: true},

	{subject: bySID, pattern: "S-1-1-0", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-2-*", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-3-*", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-1", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-2", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-3", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-4", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-5-*", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-6", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-8", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-9", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-10", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-11", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-12", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-13", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-14", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-15", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-32-*", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-64-*", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-113", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-5-114", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-16-*", reason: "group_sid"},
	{subject: bySID, pattern: "S-1-18-*", reason: "group_sid"},

	{subject: bySID, pattern: "S-1-5-21-*-501", reason: "guest"},
	{subject: bySID, pattern: "S-1-5-21-*-502", reason: "krbtgt"},
	{subject: bySID, pattern: "S-1-5-21-*-503", reason: "default_account"},
	{subject: bySID, pattern: "S-1-5-21-*-504", reason: "application_guard"},

	{subject: byDomain, pattern: "nt authority", reason: "nt_authority"},
	{subject: byDomain, pattern: "nt-autorität", reason: "nt_authority"},
	{subject: byDomain, pattern: "autorite nt", reason: "nt_authority"},
	{subject: byDomain, pattern: "autorité nt", reason: "nt_authority"},
	{subject: byDomain, pattern: "autoridad nt", reason: "nt_authority"},
	{subject: byDomain, pattern: "autoridade nt", reason: "nt_authority"},
	{subject: byDomain, pattern: "nt instans", reason: "nt_authority"},
	{subject: byDomain, pattern: "window manager", reason: "window_manager"},
	{subject: byDomain, pattern: "font driver host", reason: "font_driver"},
	{subject: byDomain, pattern: "nt service", reason: "nt_service"},
	{subject: byDomain, pattern: "iis apppool", reason: "iis"},
	{subject: byDomain, pattern: "nt virtual machine", reason: "virtual_machine"},
	{subject: byDomain, pattern: "user manager", reason: "container"},
	{subject: byDomain, pattern: "restricted services", reason: "nt_service"},
	{subject: byDomain, pattern: "virtual users", reason: "virtual_user"},

	{subject: byName, pattern: "system", reason: "system", server: true, fixedSID: true},
	{subject: byName, pattern: "local system", reason: "system", fixedSID: true},
	{subject: byName, pattern: "localsystem", reason: "system", fixedSID: true},
	{subject: byName, pattern: "système", reason: "system", fixedSID: true},
	{subject: byName, pattern: "systeme", reason: "system", fixedSID: true},
	{subject: byName, pattern: "sistema", reason: "system", fixedSID: true},
	{subject: byName, pattern: "система", reason: "system", fixedSID: true},
	{subject: byName, pattern: "järjestelmä", reason: "system", fixedSID: true},
	{subject: byName, pattern: "local service", reason: "local_service", server: true, fixedSID: true},
	{subject: byName, pattern: "lokaler dienst", reason: "local_service", fixedSID: true},
	{subject: byName, pattern: "service local", reason: "local_service", fixedSID: true},
	{subject: byName, pattern: "servicio local", reason: "local_service", fixedSID: true},
	{subject: byName, pattern: "network service", reason: "network_service", server: true, fixedSID: true},
	{subject: byName, pattern: "netzwerkdienst", reason: "network_service", fixedSID: true},
	{subject: byName, pattern: "service réseau", reason: "network_service", fixedSID: true},
	{subject: byName, pattern: "servicio de red", reason: "network_service", fixedSID: true},
	{subject: byName, pattern: "anonymous logon", reason: "anonymous", server: true, fixedSID: true},
	{subject: byName, pattern: "iusr", reason: "iis", fixedSID: true},
	{subject: byName, pattern: "trustedinstaller", reason: "nt_service", fixedSID: true},
	{subject: byName, pattern: "dwm-#", reason: "window_manager"},
	{subject: byName, pattern: "umfd-#", reason: "font_driver"},
	{subject: byName, pattern: "*$", reason: "computer_or_managed_account"},
	{subject: byName, pattern: "guest", reason: "guest"},
	{subject: byName, pattern: "krbtgt", reason: "krbtgt"},
	{subject: byName, pattern: "krbtgt_#", reason: "krbtgt"},
	{subject: byName, pattern: "defaultaccount", reason: "default_account"},
	{subject: byName, pattern: "defaultuser0", reason: "default_account"},
	{subject: byName, pattern: "defaultuser100000", reason: "default_account"},
	{subject: byName, pattern: "wdagutilityaccount", reason: "application_guard"},
	{subject: byName, pattern: "wsiaccount", reason: "default_account"},
	{subject: byName, pattern: "msol_*", reason: "directory_sync"},
	{subject: byName, pattern: "aad_*", reason: "directory_sync"},
	{subject: byName, pattern: "healthmailbox*", reason: "exchange_mailbox"},
	{subject: byName, pattern: "sm_*", reason: "exchange_mailbox"},

	{subject: byName, pattern: "root", reason: "root"},
	{subject: byName, pattern: "_*", reason: "posix_daemon"},
	{subject: byName, pattern: "systemd-*", reason: "posix_daemon"},
	{subject: byName, pattern: "daemon", reason: "posix_daemon"},
	{subject: byName, pattern: "nobody", reason: "posix_daemon"},
	{subject: byName, pattern: "mdatp", reason: "posix_daemon"},
	{subject: byName, pattern: "bin", reason: "posix_daemon"},
	{subject: byName, pattern: "sys", reason: "posix_daemon"},
	{subject: byName, pattern: "adm", reason: "posix_daemon"},
	{subject: byName, pattern: "lp", reason: "posix_daemon"},
	{subject: byName, pattern: "mail", reason: "posix_daemon"},
	{subject: byName, pattern: "www-data", reason: "posix_daemon"},
	{subject: byName, pattern: "apache", reason: "posix_daemon"},
	{subject: byName, pattern: "nginx", reason: "posix_daemon"},
	{subject: byName, pattern: "postgres", reason: "posix_daemon"},
	{subject: byName, pattern: "mysql", reason: "posix_daemon"},
	{subject: byName, pattern: "sshd", reason: "posix_daemon"},
	{subject: byName, pattern: "messagebus", reason: "posix_daemon"},
	{subject: byName, pattern: "polkitd", reason: "posix_daemon"},
	{subject: byName, pattern: "chrony", reason: "posix_daemon"},
	{subject: byName, pattern: "dbus", reason: "posix_daemon"},
	{subject: byName, pattern: "syslog", reason: "posix_daemon"},
	{subject: byName, pattern: "gdm", reason: "posix_daemon"},
	{subject: byName, pattern: "uucp", reason: "posix_daemon", fixedSID: true},
	{subject: byName, pattern: "avahi", reason: "posix_daemon", fixedSID: true},
	{subject: byName, pattern: "colord", reason: "posix_daemon", fixedSID: true},
	{subject: byName, pattern: "rtkit", reason: "posix_daemon", fixedSID: true},
	{subject: byName, pattern: "dnsmasq", reason: "posix_daemon", fixedSID: true},
	{subject: byName, pattern: "tcpdump", reason: "posix_daemon", fixedSID: true},
	{subject: byName, pattern: "uuidd", reason: "posix_daemon", fixedSID: true},
	{subject: byName, pattern: "rpc", reason: "posix_daemon", fixedSID: true},
	{subject: byName, pattern: "rpcuser", reason: "posix_daemon", fixedSID: true},
}
