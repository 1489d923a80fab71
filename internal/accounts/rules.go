package accounts

import (
	"fmt"
	"slices"
	"strings"
)

// Reason says why an account is nobody's. The values are few and fixed, so a metric can carry them.
type Reason string

// excluded is the reason of accounts that the user's own patterns name.
const excluded Reason = "excluded"

// Reasons are all that NonHuman can give, sorted.
func Reasons() []Reason {
	reasons := []Reason{excluded}
	for _, r := range builtin {
		reasons = append(reasons, r.reason)
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

// Rules decide whether an account is a person's.
type Rules struct {
	include, exclude *patterns
}

// NewRules adds the user's patterns to the built-in rules. Include wins over exclude, and both over
// the built-in rules. An error names the pattern.
func NewRules(exclude, include Patterns) (*Rules, error) {
	ex, err := exclude.compile()
	if err != nil {
		return nil, fmt.Errorf("exclude: %w", err)
	}
	in, err := include.compile()
	if err != nil {
		return nil, fmt.Errorf("include: %w", err)
	}
	return &Rules{include: in, exclude: ex}, nil
}

// NonHuman returns why a, which must be clean, is no person's account; false: it is one's, or
// nothing says otherwise.
func (r *Rules) NonHuman(a Account) (Reason, bool) {
	if r.include.match(a) {
		return "", false
	}
	if r.exclude.match(a) {
		return excluded, true
	}
	return builtinIndex.nonHuman(a)
}

// index is the rule table in the form that is quick to ask.
type index struct {
	sids, relativeIDs map[string]Reason
	sidPrefixes       []rule
	domains           map[string]Reason
	names             map[string]rule
	namePatterns      []rule
}

var builtinIndex = newIndex(builtin)

func newIndex(rules []rule) *index {
	x := &index{sids: map[string]Reason{}, relativeIDs: map[string]Reason{}, domains: map[string]Reason{}, names: map[string]rule{}}
	for _, r := range rules {
		switch {
		case r.subject == byDomain:
			x.domains[r.pattern] = r.reason
		case r.subject == byName && strings.ContainsAny(r.pattern, "*#"):
			x.namePatterns = append(x.namePatterns, r)
		case r.subject == byName:
			x.names[r.pattern] = r
		case strings.HasPrefix(r.pattern, domainSIDPrefix):
			_, rid, _ := strings.Cut(r.pattern, "*-")
			x.relativeIDs[rid] = r.reason
		case strings.HasSuffix(r.pattern, "*"):
			x.sidPrefixes = append(x.sidPrefixes, rule{pattern: strings.TrimSuffix(r.pattern, "*"), reason: r.reason})
		default:
			x.sids[r.pattern] = r.reason
		}
	}
	return x
}

func (x *index) nonHuman(a Account) (Reason, bool) {
	sid := strings.ToUpper(a.SID)
	if strings.HasPrefix(sid, entraSIDPrefix) {
		// Entra ID gives these to its users only, so the name need not be asked.
		return "", false
	}
	rid, ofDomain := relativeID(sid)
	if ofDomain {
		if reason, ok := x.relativeIDs[rid]; ok {
			return reason, true
		}
	} else if reason, ok := x.fixedSID(sid); ok {
		return reason, true
	}
	if reason, ok := x.domains[strings.ToLower(a.Domain)]; ok {
		return reason, true
	}
	name := strings.ToLower(a.Name)
	if name == "" {
		name, _, _ = strings.Cut(strings.ToLower(a.UPN), "@")
	}
	if r, ok := x.names[name]; ok {
		return r.reason, !r.fixedSID || !ofDomain
	}
	for _, r := range x.namePatterns {
		if r.matchesName(name) {
			return r.reason, true
		}
	}
	return "", false
}

func (x *index) fixedSID(sid string) (Reason, bool) {
	if reason, ok := x.sids[sid]; ok {
		return reason, true
	}
	for _, r := range x.sidPrefixes {
		if strings.HasPrefix(sid, r.pattern) {
			return r.reason, true
		}
	}
	return "", false
}

func (r rule) matchesName(name string) bool {
	if suffix, ok := strings.CutPrefix(r.pattern, "*"); ok {
		return strings.HasSuffix(name, suffix)
	}
	if prefix, ok := strings.CutSuffix(r.pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	prefix, _ := strings.CutSuffix(r.pattern, "#")
	number, ok := strings.CutPrefix(name, prefix)
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}
