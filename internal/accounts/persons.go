package accounts

import (
	"slices"
	"strings"
)

// Persons merges accounts that are one person's and returns one account for each person. Accounts
// are one person's where a SID, UPN or object id is the same, or where the name is and nothing that
// both of them say differs.
func Persons(list []Account) []Account {
	var people [][]Account
	for _, a := range list {
		if a.IsEmpty() {
			continue
		}
		// One account may show that several people found so far are one.
		person := []Account{}
		others := people[:0]
		for _, p := range people {
			if slices.ContainsFunc(p, func(b Account) bool { return samePerson(a, b) }) {
				person = append(person, p...)
			} else {
				others = append(others, p)
			}
		}
		people = others
		people = append(people, append(person, a))
	}
	merged := make([]Account, len(people))
	for i, p := range people {
		for _, a := range p {
			merged[i] = merged[i].Merge(a)
		}
	}
	return merged
}

func samePerson(a, b Account) bool {
	if same(a.SID, b.SID) || same(a.UPN, b.UPN) || same(a.EntraID(), b.EntraID()) {
		return true
	}
	return same(a.shortName(), b.shortName()) && !contradict(a, b)
}

// contradict reports whether a and b say different things of the same kind.
func contradict(a, b Account) bool {
	return differ(a.UPN, b.UPN) || differ(a.EntraID(), b.EntraID()) || differ(domainLabel(a.Domain), domainLabel(b.Domain)) ||
		(IsEntraSID(a.SID) == IsEntraSID(b.SID) && differ(a.SID, b.SID))
}

func (a Account) shortName() string {
	if a.Name != "" {
		return a.Name
	}
	local, _, _ := strings.Cut(a.UPN, "@")
	return local
}

// domainLabel is what ACME and acme.local have in common. An Entra account has no logon domain.
func domainLabel(domain string) string {
	label, _, _ := strings.Cut(domain, ".")
	if strings.EqualFold(label, "azuread") {
		return ""
	}
	return label
}

func same(a, b string) bool   { return a != "" && strings.EqualFold(a, b) }
func differ(a, b string) bool { return a != "" && b != "" && !strings.EqualFold(a, b) }
