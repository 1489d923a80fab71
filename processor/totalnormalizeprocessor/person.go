package totalnormalizeprocessor

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

// person is who acted, as an event names them.
type person struct {
	// user is the event's `user`.
	user string
	// key is the same, lower case, however the person's rows name them, as far as the directory knows
	// or the names allow. Derived tuids depend on it.
	key string
	// names are what the mapping file is asked for, in this order.
	names []string
}

// personOf names the owner of an account; id is what the directory says of it, or nil.
func personOf(a accounts.Account, id *identity) person {
	known := accounts.Account{}
	var sids []string
	if id != nil {
		known, sids = id.account(), id.SIDs
	}
	full := a.Merge(known)
	p := person{user: firstOf(full.UPN, full.DomainName(), full.Name, full.SID, full.ObjectID)}
	p.key = strings.ToLower(firstOf(known.UPN, full.UPN, stableName(full), p.user))
	p.names = append(append([]string{a.UPN, known.UPN, a.SID}, sids...), a.DomainName(), known.DomainName())
	return p
}

// stableName is how an account without UPN is best told from others. Two people of an Entra tenant
// may have the same AzureAD\name, and a name without domain is no name at all, so there the ids come
// first.
func stableName(a accounts.Account) string {
	if a.DomainName() != "" && !strings.EqualFold(a.Domain, "azuread") {
		return a.DomainName()
	}
	return firstOf(a.EntraID(), a.SID, a.DomainName())
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
