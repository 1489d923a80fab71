package accounts

import (
	"strings"
	"unicode/utf8"
)

// Account is what one row says of an account; what it does not say is empty.
type Account struct {
	Domain   string `json:"domain,omitempty"`
	Name     string `json:"name,omitempty"`
	SID      string `json:"sid,omitempty"`
	UPN      string `json:"upn,omitempty"`
	ObjectID string `json:"object_id,omitempty"`
}

// placeholders stand where a name is not known. The null SID stands on failed logons whose account
// could not be looked up; the name beside it decides.
var placeholders = map[string]bool{
	"-": true, "--": true, "?": true,
	"null": true, "(null)": true, "<null>": true, "[null]": true, "nil": true, "<nil>": true,
	"n/a": true, "(n/a)": true, "<n/a>": true, "#n/a": true,
	"unknown": true, "(unknown)": true, "<unknown>": true, "[unknown]": true,
	"(none)": true, "<none>": true, "undefined": true,
	"s-1-0-0": true, "00000000-0000-0000-0000-000000000000": true,
}

// named is a value without blanks around it; empty where it is a placeholder.
func named(value string) string {
	value = strings.TrimSpace(value)
	if isPlaceholder(value) {
		return ""
	}
	return value
}

// isPlaceholder looks at the first byte before it asks the map, which most values then need not be: a row has up to 20.
func isPlaceholder(value string) bool {
	const longest = 36
	switch {
	case value == "", value[0] < utf8.RuneSelf && strings.IndexByte("-?nN(<[#uUsS0", value[0]) < 0:
		return false
	case !isASCII(value):
		return placeholders[strings.ToLower(value)]
	case len(value) > longest:
		return false
	}
	var lower [longest]byte
	for i := range len(value) {
		c := value[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return placeholders[string(lower[:len(value)])]
}

// IsEmpty reports whether nothing names an account. A domain alone does not.
func (a Account) IsEmpty() bool {
	return a.Name == "" && a.SID == "" && a.UPN == "" && a.ObjectID == ""
}

// Clean returns a with every part in its place: blanks cut off, a `DOMAIN\name` that stands in the
// name split, a name that is a UPN moved there, placeholders taken out.
func (a Account) Clean() Account {
	a = Account{Domain: named(a.Domain), Name: named(a.Name), SID: named(a.SID), UPN: named(a.UPN), ObjectID: named(a.ObjectID)}
	if domain, name, ok := strings.Cut(a.Name, `\`); ok {
		a.Name = named(name)
		if domain = named(domain); domain != "" && domain != "." {
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

// IsEntraDomain reports whether a logon domain is one of Microsoft's that all tenants share. Two people may have the
// same name there.
func IsEntraDomain(domain string) bool {
	return strings.EqualFold(domain, "azuread") || strings.EqualFold(domain, "microsoftaccount")
}

// DomainLabel is what the NetBIOS and the DNS form of a domain have in common, e.g. ACME of acme.local.
func DomainLabel(domain string) string {
	label, _, _ := strings.Cut(domain, ".")
	return label
}

func same(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

func differ(a, b string) bool { return a != "" && b != "" && !strings.EqualFold(a, b) }
