package graphalert

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// mostUsers bounds the users that each row names: an alert about more is about several people.
const mostUsers = 65

// users are the accounts of an alert's User evidence.
type users []accounts.Account

func usersIn(evidence pcommon.Slice) users {
	var list users
	seen := map[accounts.Account]bool{}
	for _, v := range evidence.All() {
		if v.Type() != pcommon.ValueTypeMap || typeOf(v.Map()) != userEvidence {
			continue
		}
		if a := accountOf(v.Map()); !a.IsEmpty() && !seen[a] && len(list) < mostUsers {
			seen[a] = true
			list = append(list, a)
		}
	}
	return list
}

func (u users) copyTo(columns pcommon.Map) {
	if len(u) == 0 {
		return
	}
	list := columns.PutEmptySlice(tables.AlertUsersColumn)
	for _, a := range u {
		putTexts(list.AppendEmpty().SetEmptyMap(), []named{
			{"AccountDomain", a.Domain}, {"AccountName", a.Name}, {"AccountSid", a.SID}, {"AccountUpn", a.UPN}, {"AccountObjectId", a.ObjectID},
		})
	}
}

// one names the one person that the users are; empty: there is none, or there are several.
func (u users) one() string {
	people := accounts.Persons(u)
	if len(people) != 1 {
		return ""
	}
	return nameOf(people[0])
}

// nameOf is the name of an account that changes least.
func nameOf(a accounts.Account) string {
	return strings.ToLower(row.First(a.UPN, a.SID, a.ObjectID, a.DomainName(), a.Name))
}
