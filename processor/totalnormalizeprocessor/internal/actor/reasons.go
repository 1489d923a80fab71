package actor

// Why a row is nobody's act, beside the reasons of accounts.Rules.
const (
	reasonInbound      = "inbound"
	reasonNoAccount    = "no_account"
	reasonNobodyOn     = "nobody_logged_on"
	reasonSeveralUsers = "several_logged_on"
)

// Reasons are all reasons of this package.
func Reasons() []string {
	return []string{reasonInbound, reasonNoAccount, reasonNobodyOn, reasonSeveralUsers}
}

// Way is by what a person was found.
type Way string

// The ways. Account is the row's own account.
const (
	Account         Way = "account"
	PosixUser       Way = "posix_user"
	EvidenceAccount Way = "evidence_account"
	MailRecipient   Way = "mail_recipient"
	AlertUser       Way = "alert_user"
	LoggedOnUser    Way = "logged_on_user"
	DeviceAccount   Way = "device_account"
)

// Ways are all ways.
func Ways() []Way {
	return []Way{Account, PosixUser, EvidenceAccount, MailRecipient, AlertUser, LoggedOnUser, DeviceAccount}
}
