package accounts

import (
	"slices"
	"strings"
)

// Persons merges accounts that are one person's and returns one account for each person, in order of
// appearance. Accounts are one person's where a SID, UPN or object id is the same; or where the name
// is, nothing that both of them say differs, and they are not like that with a third one that is
// somebody else's.
func Persons(list []Account) []Account {
	var people []person
	for _, a := range list {
		if !a.IsEmpty() {
			people = withAccount(people, a)
		}
	}
	// Names tell less than ids do, so they are asked when the ids have spoken.
	for {
		fewer := joinOne(people)
		if len(fewer) == len(people) {
			break
		}
		people = fewer
	}
	merged := make([]Account, len(people))
	for i, p := range people {
		for _, a := range p {
			merged[i] = merged[i].Merge(a)
		}
	}
	return merged
}

// person is what the accounts of one person say.
type person []Account

// withAccount adds an account to the people who share an id with it. It may show that several found so far are one.
func withAccount(people []person, a Account) []person {
	owner := -1
	left := people[:0]
	for _, p := range people {
		switch {
		case !sharesID(p, a):
			left = append(left, p)
		case owner < 0:
			owner = len(left)
			left = append(left, append(p, a))
		default:
			left[owner] = append(left[owner], p...)
		}
	}
	if owner < 0 {
		left = append(left, person{a})
	}
	return left
}

// joinOne unites two people of one name who can only be each other.
func joinOne(people []person) []person {
	for i := range people {
		for j := i + 1; j < len(people); j++ {
			if sharesName(people[i], people[j]) && !isAmbiguous(people, i) && !isAmbiguous(people, j) {
				people[i] = append(people[i], people[j]...)
				return slices.Delete(people, j, j+1)
			}
		}
	}
	return people
}

// isAmbiguous reports whether a person could by name be either of two.
func isAmbiguous(people []person, i int) bool {
	var others []person
	for j := range people {
		if j == i || !sharesName(people[i], people[j]) {
			continue
		}
		if slices.ContainsFunc(others, func(p person) bool { return !sharesName(p, people[j]) }) {
			return true
		}
		others = append(others, people[j])
	}
	return false
}

func sharesID(p person, a Account) bool {
	return slices.ContainsFunc(p, func(b Account) bool {
		return same(a.SID, b.SID) || same(a.UPN, b.UPN) || same(a.EntraID(), b.EntraID())
	})
}

// sharesName reports whether some name is the same and nothing speaks against it.
func sharesName(p, q person) bool {
	shares := false
	for _, a := range p {
		for _, b := range q {
			if contradict(a, b) {
				return false
			}
			shares = shares || same(a.shortName(), b.shortName())
		}
	}
	return shares
}

// contradict reports whether a and b say different things of the same kind.
func contradict(a, b Account) bool {
	return differ(a.UPN, b.UPN) || differ(a.EntraID(), b.EntraID()) || domainsDiffer(a.Domain, b.Domain) ||
		(IsEntraSID(a.SID) == IsEntraSID(b.SID) && differ(a.SID, b.SID))
}

// domainsDiffer reports whether neither of two domains can be the other's short form. An Entra account has no
// logon domain.
func domainsDiffer(a, b string) bool {
	if a == "" || b == "" || IsEntraDomain(a) || IsEntraDomain(b) {
		return false
	}
	if strings.Contains(a, ".") && strings.Contains(b, ".") {
		return !strings.EqualFold(a, b)
	}
	return !strings.EqualFold(DomainLabel(a), DomainLabel(b))
}

func (a Account) shortName() string {
	if a.Name != "" {
		return a.Name
	}
	local, _, _ := strings.Cut(a.UPN, "@")
	return local
}

// Resembles reports whether a and b have an id or a name in common.
func (a Account) Resembles(b Account) bool {
	return sharesID(person{b}, a) || same(a.shortName(), b.shortName())
}
