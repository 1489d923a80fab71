package accounts

import "strings"

// Account is what one row says of an account; what it does not say is empty.
type Account struct {
	Domain   string `json:"domain,omitempty"`
	Name     string `json:"name,omitempty"`
	SID      string `json:"sid,omitempty"`
	UPN      string `json:"upn,omitempty"`
	ObjectID string `json:"object_id,omitempty"`
}

// nullSID stands on failed logons whose account could not be looked up. It names nobody, so the
// name beside it decides.
const nullSID = "S-1-0-0"

// IsEmpty reports whether nothing names an account. A domain alone does not.
func (a Account) IsEmpty() bool {
	return a.Name == "" && a.SID == "" && a.UPN == "" && a.ObjectID == ""
}

// Clean returns a with every part in its place: blanks cut off, a `DOMAIN\name` that stands in the
// name split, a name that is a UPN moved there, the null SID taken out.
func (a Account) Clean() Account {
	a.Domain = strings.TrimSpace(a.Domain)
	a.Name = strings.TrimSpace(a.Name)
	a.SID = strings.TrimSpace(a.SID)
	a.UPN = strings.TrimSpace(a.UPN)
	a.ObjectID = strings.TrimSpace(a.ObjectID)
	if domain, name, ok := strings.Cut(a.Name, `\`); ok {
		a.Name = name
		if domain != "" && domain != "." {
			a.Domain = domain
		}
	}
	if isUPN(a.Name) {
		if a.UPN == "" {
			a.UPN = a.Name
		}
		a.Name, _, _ = strings.Cut(a.Name, "@")
		// The domain of a UPN is no logon domain: `acme.com\jane` is an account that does not exist.
		if strings.Contains(a.Domain, ".") {
			a.Domain = ""
		}
	}
	if a.SID == nullSID {
		a.SID = ""
	}
	return a
}

// DomainName is `DOMAIN\name`, or empty where one of both is missing.
func (a Account) DomainName() string {
	if a.Domain == "" || a.Name == "" {
		return ""
	}
	return a.Domain + `\` + a.Name
}

// EntraID is the account's object id: its own, or the one that its Entra SID contains.
func (a Account) EntraID() string {
	if a.ObjectID != "" {
		return a.ObjectID
	}
	id, _ := ObjectIDFromSID(a.SID)
	return id
}

// Merge fills what a does not say with what b says of the same account.
func (a Account) Merge(b Account) Account {
	if a.UPN == "" {
		a.UPN = b.UPN
	}
	if a.ObjectID == "" {
		a.ObjectID = b.ObjectID
	}
	if a.SID == "" {
		a.SID = b.SID
	}
	// Domain and name belong together: one of a's with the other of b's would name a third account.
	if a.Name == "" || (a.Domain == "" && strings.EqualFold(a.Name, b.Name)) {
		if b.Name != "" {
			a.Domain, a.Name = b.Domain, b.Name
		}
	}
	return a
}

func isUPN(name string) bool {
	local, domain, ok := strings.Cut(name, "@")
	return ok && local != "" && domain != ""
}

// SameAs reports whether a and b are the same account: of one SID or, where one has none, of one
// domain and name.
func (a Account) SameAs(b Account) bool {
	if a.SID != "" && b.SID != "" {
		return strings.EqualFold(a.SID, b.SID)
	}
	return same(a.DomainName(), b.DomainName())
}
