package accounts

// rule is one built-in reason to call an account nobody's.
type rule struct {
	// pattern of a name: `*` at one end stands for anything, `#` at the end for digits, and `%` at the end for as many
	// hexadecimal digits as hex says.
	pattern string
	hex     int
	reason  Reason
	// server rules may be applied before a row leaves the service.
	server bool
	// yields is what outweighs the rule.
	yields yield
}

// yield is what shows that an account of a reserved name is a person's all the same.
type yield uint8

const (
	_ yield = iota // nothing does
	// yieldsToDomainSID: the name stands for an account whose SID is no domain's or machine's own.
	yieldsToDomainSID
	// yieldsToID: a UPN or an object id, or the SID of a domain that is not the device.
	yieldsToID
	// yieldsToOtherUPN: a UPN that is not of the reserved form itself, or an object id without UPN.
	yieldsToOtherUPN
)

// builtin are the accounts by name that no person acts under (what Windows, Exchange, Entra Connect, macOS and Linux
// create). RID 500, the built-in Administrator, is missing on purpose: a shared account, but people use it.
var builtin = []rule{
	{pattern: "system", reason: "system", server: true, yields: yieldsToDomainSID},
	{pattern: "local service", reason: "local_service", server: true, yields: yieldsToDomainSID},
	{pattern: "network service", reason: "network_service", server: true, yields: yieldsToDomainSID},
	{pattern: "anonymous logon", reason: "anonymous", server: true, yields: yieldsToDomainSID},
	{pattern: "dwm-#", reason: "window_manager", yields: yieldsToOtherUPN},
	{pattern: "umfd-#", reason: "font_driver", yields: yieldsToOtherUPN},
	{pattern: "*$", reason: "computer_or_managed_account"},
	{pattern: "guest", reason: "guest", yields: yieldsToOtherUPN},
	{pattern: "krbtgt", reason: "krbtgt"},
	{pattern: "krbtgt_#", reason: "krbtgt", yields: yieldsToOtherUPN},
	{pattern: "krbtgt_azuread", reason: "krbtgt"},
	{pattern: "defaultaccount", reason: "default_account"},
	{pattern: "defaultuser0", reason: "default_account"},
	{pattern: "defaultuser1", reason: "default_account"},
	{pattern: "defaultuser100000", reason: "default_account"},
	{pattern: "defaultuser100001", reason: "default_account"},
	{pattern: "wdagutilityaccount", reason: "application_guard"},
	{pattern: "wsiaccount", reason: "default_account"},
	{pattern: "msol_%", hex: 12, reason: "directory_sync", yields: yieldsToOtherUPN},
	{pattern: "aad_%", hex: 12, reason: "directory_sync", yields: yieldsToOtherUPN},
	{pattern: "healthmailbox*", reason: "exchange_mailbox", yields: yieldsToOtherUPN},
	{pattern: "sm_%", hex: 17, reason: "exchange_mailbox", yields: yieldsToOtherUPN},

	{pattern: "root", reason: "root", yields: yieldsToID},
	{pattern: "_*", reason: "posix_daemon", yields: yieldsToID},
	{pattern: "systemd-*", reason: "posix_daemon", yields: yieldsToID},
}

// Reason says why an account is nobody's. The values are few and fixed, so a metric can carry them.
type Reason string

const (
	// excluded is the reason of accounts that the user's own patterns name.
	excluded Reason = "excluded"
	// serviceAccount is the reason of accounts that a directory calls so.
	serviceAccount Reason = "service_account"
	posixDaemon    Reason = "posix_daemon"
	root           Reason = "root"
	unnamedUser    Reason = "posix_unnamed"
)
