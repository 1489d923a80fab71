package accounts

import (
	"slices"
	"strings"
)

// Server are the accounts that may be left on the server. A row may be, when it has an account and
// each of its accounts matches: its name is none of KeepNames, and its SID is one of SIDs or begins
// with one of SIDPrefixes or, where it has no SID, its name is one of Names. Every comparison
// disregards case. Rules.NonHuman calls every such account non-human, unless the user includes it.
type Server struct {
	SIDs        []string
	SIDPrefixes []string
	Names       []string
	// KeepNames are accounts under which a person may act all the same: on Linux and macOS `root` is
	// S-1-5-18, and AdditionalFields may say who became root. Only the processor reads that.
	KeepNames []string
}

// ServerRules returns the built-in rules that are safe to apply before a row is read.
func ServerRules() Server {
	s := Server{KeepNames: []string{"root"}}
	for _, r := range builtin {
		if r.server {
			s.Names = append(s.Names, r.pattern)
		}
	}
	for _, r := range builtinSIDs {
		switch {
		case !r.server:
		case strings.HasSuffix(r.pattern, "*"):
			s.SIDPrefixes = append(s.SIDPrefixes, strings.TrimSuffix(r.pattern, "*"))
		default:
			s.SIDs = append(s.SIDs, r.pattern)
		}
	}
	return s
}

// Matches applies the rules to one account, as the server would.
func (s Server) Matches(a Account) bool {
	equal := func(value string) func(string) bool {
		return func(s string) bool { return strings.EqualFold(s, value) }
	}
	switch {
	case slices.ContainsFunc(s.KeepNames, equal(a.Name)):
		return false
	case a.SID == "":
		return slices.ContainsFunc(s.Names, equal(a.Name))
	default:
		return slices.ContainsFunc(s.SIDs, equal(a.SID)) ||
			slices.ContainsFunc(s.SIDPrefixes, func(p string) bool { _, ok := cutPrefixFold(a.SID, p); return ok })
	}
}
