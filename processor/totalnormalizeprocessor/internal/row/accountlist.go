package row

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// loggedOnAccount are the keys of LoggedOnUsers in DeviceInfo; evidence of machines has those of columns.
var (
	loggedOnAccount = tables.Account{Domain: "DomainName", Name: "UserName", SID: "Sid"}
	listedAccount   = tables.Account{
		Domain: "AccountDomain", Name: "AccountName", SID: "AccountSid", UPN: "AccountUpn", ObjectID: "AccountObjectId",
	}
	evidenceAccount = tables.Account{Domain: "NTDomain", Name: "Name", SID: "Sid", UPN: "UserPrincipalName", ObjectID: "AadUserId"}
)

// recipientKeys are where the AdditionalFields of mail evidence name whose mail it is: a message has
// a recipient, a mailbox an owner.
var recipientKeys = []string{"Recipient", "RecipientEmailAddress", "Upn", "MailboxPrimaryAddress"}

// LoggedOnUsers are the accounts in a column or field of that name; false: it does not say. Partial reports have
// no list, which is not an empty one.
func (r Row) LoggedOnUsers() ([]accounts.Account, bool) {
	v, ok := r.JSON("LoggedOnUsers")
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return nil, false
	}
	return loggedOn(v.Slice()), true
}

// WordsLoggedOn are the words one of which AdditionalFields have that say who was logged on, in the forms of a key that
// occur.
var WordsLoggedOn = []string{"oggedOnUsers", "oggedonusers"}

// NamedLoggedOn are the accounts of which AdditionalFields say that they were logged on.
func (r Row) NamedLoggedOn() []accounts.Account {
	if !r.Mentions(WordsLoggedOn...) {
		return nil
	}
	v, ok := r.Field("LoggedOnUsers")
	if !ok {
		return nil
	}
	if v, ok = parsed(v); !ok {
		v, _ = r.Field("LoggedOnUsers")
		return nonEmpty(accountNamed(Text(v)))
	}
	if v.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	return loggedOn(v.Slice())
}

func loggedOn(list pcommon.Slice) []accounts.Account {
	users := make([]accounts.Account, 0, list.Len())
	for _, item := range list.All() {
		var a accounts.Account
		switch item.Type() {
		case pcommon.ValueTypeMap:
			if a = accountIn(item.Map(), loggedOnAccount); a.IsEmpty() {
				a = accountIn(item.Map(), listedAccount)
			}
		case pcommon.ValueTypeStr:
			a = accountNamed(item.Str())
		}
		users = append(users, nonEmpty(a)...)
	}
	return users
}

// accountNamed reads a UPN, `DOMAIN\name` or name.
func accountNamed(name string) accounts.Account { return accounts.Account{Name: name}.Clean() }

func nonEmpty(a accounts.Account) []accounts.Account {
	if a.IsEmpty() {
		return nil
	}
	return []accounts.Account{a}
}

// AlertUsers are the accounts that the alert of an evidence row is about. The list is not to be changed.
func (r Row) AlertUsers() []accounts.Account {
	if !r.fields.listed {
		r.fields.users, r.fields.listed = r.alertUsers(), true
	}
	return r.fields.users
}

func (r Row) alertUsers() []accounts.Account {
	v, ok := r.JSON(tables.AlertUsersColumn)
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	list := make([]accounts.Account, 0, v.Slice().Len())
	for _, item := range v.Slice().All() {
		if item.Type() == pcommon.ValueTypeMap {
			if a := accountIn(item.Map(), listedAccount); !a.IsEmpty() {
				list = append(list, a)
			}
		}
	}
	return list
}

// EntityAccount is the account inside the entity of an evidence row: a process or a session runs under one, a
// user is one.
func (r Row) EntityAccount() accounts.Account {
	if entity, ok := r.Entity("Account"); ok {
		return evidenceAccountIn(entity)
	}
	if !strings.EqualFold(r.Text("EntityType"), "User") {
		return accounts.Account{}
	}
	entity, ok := r.Entity()
	if !ok {
		return accounts.Account{}
	}
	return evidenceAccountIn(entity)
}

func evidenceAccountIn(entity pcommon.Map) accounts.Account {
	a := accountIn(entity, evidenceAccount)
	if a.UPN == "" && a.Name != "" {
		if suffix := textAt(entity, "UPNSuffix"); strings.Contains(suffix, ".") {
			a.UPN = a.Name + "@" + suffix
		}
	}
	if a.Domain == "" {
		a.Domain = textAt(entity, "DnsDomain")
	}
	return a.Clean()
}

// EntityDevice is the DeviceId that the entity of an evidence row names.
func (r Row) EntityDevice() string {
	for _, path := range [][]string{{"Host"}, {"ImageFile", "Host"}, {"Device"}, {}} {
		entity, ok := r.Entity(path...)
		if !ok {
			continue
		}
		if id := First(textAt(entity, "MachineId"), textAt(entity, "MdatpDeviceId")); id != "" {
			return id
		}
	}
	return ""
}

// Recipients are those to whom mail evidence was sent.
func (r Row) Recipients() []accounts.Account {
	fields, ok := r.Fields()
	if !ok {
		return nil
	}
	for _, key := range recipientKeys {
		if address := strings.Trim(textAt(fields, key), "<> "); address != "" {
			return []accounts.Account{{UPN: address}}
		}
	}
	return nil
}

func accountIn(m pcommon.Map, keys tables.Account) accounts.Account {
	return accounts.Account{
		Domain: textAt(m, keys.Domain), Name: textAt(m, keys.Name), SID: textAt(m, keys.SID),
		UPN: textAt(m, keys.UPN), ObjectID: textAt(m, keys.ObjectID),
	}.Clean()
}

func textAt(m pcommon.Map, key string) string {
	if key == "" {
		return ""
	}
	v, ok := m.Get(key)
	if !ok {
		return ""
	}
	return Text(v)
}
