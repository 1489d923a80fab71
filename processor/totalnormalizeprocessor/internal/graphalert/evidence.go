package graphalert

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// field takes a value of an item to a column.
type field struct {
	column, path string
	// drifts: Graph shows how it is now, not how it was at the time of the alert.
	drifts bool
}

// fieldsOf are those of the types of evidence whose parts the table has columns for.
var fieldsOf = map[string][]field{
	deviceEvidence: {{"DeviceId", "mdeDeviceId", false}, {"DeviceName", "deviceDnsName", true}, {"LocalIP", "lastIpAddress", true}},
	userEvidence:   {},
	processEvidence: append(fileFields("imageFile"),
		field{"DeviceId", "mdeDeviceId", false}, field{"ProcessCommandLine", "processCommandLine", false},
		field{"ProcessId", "processId", false}, field{"ProcessCreationTime", "processCreationDateTime", false},
	),
	"fileEvidence":        append(fileFields("fileDetails"), field{"DeviceId", "mdeDeviceId", false}),
	"ipEvidence":          {{"RemoteIP", "ipAddress", false}},
	"urlEvidence":         {{"RemoteUrl", "url", false}},
	"dnsEvidence":         {{"RemoteUrl", "domainName", false}},
	"registryKeyEvidence": {{"RegistryKey", "registryKey", false}},
	"registryValueEvidence": {
		{"DeviceId", "mdeDeviceId", false},
		{"RegistryKey", "registryKey", false},
		{"RegistryValueName", "registryValueName", false},
		{"RegistryValueData", "registryValue", false},
	},
	"networkConnectionEvidence": {
		{"RemoteIP", "destinationAddress.ipAddress", false}, {"LocalIP", "sourceAddress.ipAddress", false},
	},
	"mailboxEvidence": {}, "mailboxConfigurationEvidence": {},
	"analyzedMessageEvidence": {{"NetworkMessageId", "networkMessageId", false}, {"EmailSubject", "subject", false}},
	"submissionMailEvidence":  {{"NetworkMessageId", "networkMessageId", false}, {"EmailSubject", "subject", false}},
	"cloudApplicationEvidence": {
		{"Application", "displayName", false}, {"ApplicationId", "appId", false},
	},
	"oauthApplicationEvidence": {{"Application", "displayName", false}, {"OAuthApplicationId", "appId", false}},
	"hostLogonSessionEvidence": {{"DeviceId", "host.mdeDeviceId", false}, {"LogonSession", "sessionId", false}},
	"malwareEvidence":          {{"ThreatFamily", "name", false}},
}

// fileFields are those of a file's details.
func fileFields(path string) []field {
	return []field{
		{"FileName", path + ".fileName", false},
		{"FolderPath", path + ".filePath", false},
		{"SHA1", path + ".sha1", false},
		{"SHA256", path + ".sha256", false},
		{"FileSize", path + ".fileSize", false},
	}
}

// recipientPaths are where mail evidence says whose mail it is, under the names of the tables.
var recipientPaths = map[string][]field{
	"analyzedMessageEvidence":      {{"Recipient", "recipientEmailAddress", false}},
	"submissionMailEvidence":       {{"Recipient", "recipient", false}},
	"mailboxEvidence":              {{"Upn", "upn", false}, {"MailboxPrimaryAddress", "primaryAddress", false}},
	"mailboxConfigurationEvidence": {{"Upn", "upn", false}, {"MailboxPrimaryAddress", "mailboxPrimaryAddress", false}},
}

// evidence is one item on its way to a row.
type evidence struct {
	item, columns pcommon.Map
	kind          string
	account       accounts.Account
}

// typeOf is the item's type without its namespace; empty: it does not say.
func typeOf(item pcommon.Map) string {
	v, ok := item.Get("@odata.type") // whose name has a dot
	if !ok {
		return ""
	}
	return strings.TrimPrefix(row.Text(v), typePrefix)
}

// describe fills the columns, but for the account.
func (e *evidence) describe() {
	if name := entityType(e.kind); name != "" {
		e.columns.PutStr("EntityType", name)
	}
	if role := roleOf(e.item); role != "" {
		e.columns.PutStr("EvidenceRole", role)
	}
	for _, f := range fieldsOf[e.kind] {
		putValue(e.columns, f.column, e.item, f.path)
	}
	switch e.kind {
	case deviceEvidence:
		if name := deviceName(e.item); name != "" {
			e.columns.PutStr("DeviceName", name)
		}
	case "fileHashEvidence":
		e.putHash()
	}
	e.account = accountOf(e.item)
}

func deviceName(device pcommon.Map) string {
	return row.First(textAt(device, "deviceDnsName"), textAt(device, "hostName"))
}

func (e *evidence) putHash() {
	switch algorithm := strings.ToUpper(textAt(e.item, "algorithm")); algorithm {
	case "SHA1", "SHA256":
		putValue(e.columns, algorithm, e.item, "value")
	}
}

// roleOf is the table's word for the roles of an item; empty: Graph says none.
func roleOf(item pcommon.Map) string {
	all := append(textsAt(item, "roles"), textsAt(item, "detailedRoles")...)
	role := ""
	for _, r := range all {
		if impacted[r] {
			return "Impacted"
		}
		if r != "unknown" && r != "unknownFutureValue" {
			role = "Related"
		}
	}
	return role
}

// accountPaths are where items have the account of a person, or of a machine.
var accountPaths = []string{"userAccount", "account.userAccount"}

func accountOf(item pcommon.Map) accounts.Account {
	for _, path := range accountPaths {
		if v, ok := at(item, path); ok && v.Type() == pcommon.ValueTypeMap {
			return accountIn(v.Map())
		}
	}
	return accounts.Account{}
}

func accountIn(m pcommon.Map) accounts.Account {
	return accounts.Account{
		Domain: textAt(m, "domainName"), Name: textAt(m, "accountName"), SID: textAt(m, "userSid"),
		UPN: textAt(m, "userPrincipalName"), ObjectID: textAt(m, "azureAdUserId"),
	}.Clean()
}

// putAccount puts the account where the table has it: that of a user in columns, any other one in the entity.
func (e *evidence) putAccount() {
	if e.kind == userEvidence {
		putTexts(e.columns, []named{
			{"AccountDomain", e.account.Domain},
			{"AccountName", e.account.Name},
			{"AccountSid", e.account.SID},
			{"AccountUpn", e.account.UPN},
			{"AccountObjectId", e.account.ObjectID},
		})
		return
	}
	fields := pcommon.NewMap()
	for _, f := range recipientPaths[e.kind] {
		putValue(fields, f.column, e.item, f.path)
	}
	if !e.account.IsEmpty() { // of a mailbox it tells more than an address, which may be no UPN
		putTexts(fields.PutEmptyMap("Account"), []named{
			{"NTDomain", e.account.Domain},
			{"Name", e.account.Name},
			{"Sid", e.account.SID},
			{"UserPrincipalName", e.account.UPN},
			{"AadUserId", e.account.ObjectID},
		})
	}
	e.putLoggedOn(fields)
	if fields.Len() > 0 {
		fields.MoveTo(e.columns.PutEmptyMap("AdditionalFields"))
	}
}

// putLoggedOn names who was logged on at the device at the time of the alert.
func (e *evidence) putLoggedOn(fields pcommon.Map) {
	v, ok := at(e.item, "loggedOnUsers")
	if e.kind != deviceEvidence || !ok || v.Type() != pcommon.ValueTypeSlice {
		return
	}
	list := fields.PutEmptySlice("LoggedOnUsers")
	for _, user := range v.Slice().All() {
		if user.Type() == pcommon.ValueTypeMap {
			putTexts(list.AppendEmpty().SetEmptyMap(), []named{
				{"DomainName", textAt(user.Map(), "domainName")}, {"UserName", textAt(user.Map(), "accountName")},
			})
		}
	}
}

type named struct{ name, value string }

func putTexts(m pcommon.Map, values []named) {
	for _, v := range values {
		if v.value != "" {
			m.PutStr(v.name, v.value)
		}
	}
}
