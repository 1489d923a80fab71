package row

import (
	"strings"

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
	v, ok := r.Columns.Get("LoggedOnUsers")
	if !ok {
		return nil, false
	}
	list, ok := nodeOf(v, &r.fields.document)
	if !ok || !list.isList() {
		return nil, false
	}
	r.fields.parsed = false // the document is another one
	return loggedOn(list), true
}

// WordsLoggedOn are the words one of which AdditionalFields have that say who was logged on, in the forms of a key that
// occur.
var WordsLoggedOn = []string{"oggedOnUsers", "oggedonusers"}

// NamedLoggedOn are the accounts of which AdditionalFields say that they were logged on.
func (r Row) NamedLoggedOn() []accounts.Account {
	if !r.Mentions(WordsLoggedOn...) {
		return nil
	}
	list, ok := r.field("LoggedOnUsers")
	if !ok {
		return nil
	}
	if list.isText() {
		text := list.text()
		if list, ok = nodeIn(text, new(document)); !ok {
			return nonEmpty(accountNamed(text))
		}
	}
	if !list.isList() {
		return nil
	}
	return loggedOn(list)
}

func loggedOn(list node) []accounts.Account {
	users := []accounts.Account{}
	for item := range list.elements() {
		var a accounts.Account
		switch {
		case item.isObject():
			if a = accountIn(item, loggedOnAccount); a.IsEmpty() {
				a = accountIn(item, listedAccount)
			}
		case item.isText():
			a = accountNamed(item.text())
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
	v, ok := r.Columns.Get(tables.AlertUsersColumn)
	if !ok {
		return nil
	}
	users, ok := nodeOf(v, &r.fields.list)
	if !ok || !users.isList() {
		return nil
	}
	list := r.fields.users[:0]
	for item := range users.elements() {
		if item.isObject() {
			if a := accountIn(item, listedAccount); !a.IsEmpty() {
				list = append(list, a)
			}
		}
	}
	return list
}

// EntityAccount is the account inside the entity of an evidence row: a process or a session runs under one, a
// user is one.
func (r Row) EntityAccount() accounts.Account {
	if entity, ok := r.entity("Account"); ok {
		return evidenceAccountIn(entity)
	}
	if !strings.EqualFold(r.Text("EntityType"), "User") {
		return accounts.Account{}
	}
	entity, ok := r.entity()
	if !ok {
		return accounts.Account{}
	}
	return evidenceAccountIn(entity)
}

func evidenceAccountIn(entity node) accounts.Account {
	a := accountIn(entity, evidenceAccount)
	if a.UPN == "" && a.Name != "" {
		if suffix := entity.textAt("UPNSuffix"); strings.Contains(suffix, ".") {
			a.UPN = a.Name + "@" + suffix
		}
	}
	if a.Domain == "" {
		a.Domain = entity.textAt("DnsDomain")
	}
	return a.Clean()
}

// EntityDevice is the DeviceId that the entity of an evidence row names.
func (r Row) EntityDevice() string {
	for _, path := range [][]string{{"Host"}, {"ImageFile", "Host"}, {"Device"}, {}} {
		entity, ok := r.entity(path...)
		if !ok {
			continue
		}
		if id := First(entity.textAt("MachineId"), entity.textAt("MdatpDeviceId")); id != "" {
			return id
		}
	}
	return ""
}

// Recipients are those to whom mail evidence was sent.
func (r Row) Recipients() []accounts.Account {
	fields, ok := r.object()
	if !ok {
		return nil
	}
	for _, key := range recipientKeys {
		if address := strings.Trim(fields.textAt(key), "<> "); address != "" {
			return []accounts.Account{{UPN: address}}
		}
	}
	return nil
}

func accountIn(m node, keys tables.Account) accounts.Account {
	return accounts.Account{
		Domain: m.textAt(keys.Domain), Name: m.textAt(keys.Name), SID: m.textAt(keys.SID),
		UPN: m.textAt(keys.UPN), ObjectID: m.textAt(keys.ObjectID),
	}.Clean()
}
