package totalnormalizeprocessor

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// recipientKeys are where the AdditionalFields of mail evidence name whose mail it is: a message has
// a recipient, a mailbox an owner.
var recipientKeys = []string{"Recipient", "RecipientEmailAddress", "Upn", "MailboxPrimaryAddress"}

// inAlert finds the person of an evidence row that has no account itself: the recipient of mail,
// else the alert's user if there is exactly one.
func (v *resolver) inAlert(r row, device deviceNames) (finding, bool) {
	if strings.Contains(strings.ToLower(r.text("EntityType")), "mail") {
		if found, ok, _ := v.onePerson(r.recipients(), device); ok {
			found.reason = foundRecipient
			return found, true
		}
	}
	found, ok, _ := v.onePerson(r.alertUsers(), device)
	found.reason = foundAlertUser
	return found, ok
}

func (r row) recipients() []accounts.Account {
	fields, ok := r.object("AdditionalFields")
	if !ok {
		return nil
	}
	for _, key := range recipientKeys {
		if v, ok := fields.Get(key); ok && text(v) != "" {
			return []accounts.Account{{UPN: strings.Trim(text(v), "<> ")}}
		}
	}
	return nil
}

func (r row) alertUsers() []accounts.Account {
	return r.accountList(tables.AlertUsersColumn, tables.Account{
		Domain: "AccountDomain", Name: "AccountName", SID: "AccountSid", UPN: "AccountUpn", ObjectID: "AccountObjectId",
	})
}

// accountList reads a column that lists accounts, each an object with these keys.
func (r row) accountList(column string, keys tables.Account) []accounts.Account {
	v, ok := r.json(column)
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	list := make([]accounts.Account, 0, v.Slice().Len())
	for i := range v.Slice().Len() {
		if item := v.Slice().At(i); item.Type() == pcommon.ValueTypeMap {
			list = append(list, accountIn(item.Map(), keys))
		}
	}
	return list
}

func accountIn(m pcommon.Map, keys tables.Account) accounts.Account {
	get := func(key string) string {
		v, ok := m.Get(key)
		if !ok || key == "" {
			return ""
		}
		return text(v)
	}
	return accounts.Account{
		Domain: get(keys.Domain), Name: get(keys.Name), SID: get(keys.SID), UPN: get(keys.UPN), ObjectID: get(keys.ObjectID),
	}.Clean()
}

// object is a column that holds a JSON object, as text or as it is.
func (r row) object(column string) (pcommon.Map, bool) {
	v, ok := r.json(column)
	if !ok || v.Type() != pcommon.ValueTypeMap {
		return pcommon.Map{}, false
	}
	return v.Map(), true
}

// json is a column that holds an object or list, as text or as it is.
func (r row) json(column string) (pcommon.Value, bool) {
	v, ok := r.columns.Get(column)
	if !ok || v.Type() != pcommon.ValueTypeStr {
		return v, ok
	}
	parsed := pcommon.NewValueEmpty()
	return parsed, parseJSON(v.Str(), parsed)
}
