package accounts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

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

// Facts is what is known of an account beside its names.
type Facts struct {
	// Local: it is an account of the device itself.
	Local bool
	// Service: a directory calls it a service account.
	Service bool
	// UID is the account's POSIX user id; empty: there is none, or it is not known.
	UID string
	// Apple: the uid is one of macOS, where people's begin at 501.
	Apple bool
}

// NonHuman returns why a, which must be clean, is no person's account; false: it is one's, or
// nothing says otherwise.
func (r *Rules) NonHuman(a Account, facts Facts) (Reason, bool) {
	if r.include.match(a) {
		return "", false
	}
	if r.exclude.match(a) {
		return excluded, true
	}
	if facts.Service {
		return serviceAccount, true
	}
	if reason, ok := builtinIndex.bySID(a); ok {
		return reason, true
	}
	if reason, ok := facts.byUID(a); ok {
		return reason, true
	}
	if IsEntraSID(a.SID) {
		// Entra ID gives these to its users only, so the name need not be asked.
		return "", false
	}
	return builtinIndex.byName(a, facts)
}

// MayYield reports whether more knowledge of an account that the built-in rules call nobody's could show that it is a
// person's.
func (r *Rules) MayYield(a Account, facts Facts) bool {
	if r.exclude.match(a) {
		return false
	}
	a.ObjectID = "known"
	_, non := r.NonHuman(a, facts)
	return !non
}

// byUID speaks of accounts whose POSIX user id is known. People's begin at 1000, on macOS at 501; the highest are
// nobody's.
func (f Facts) byUID(a Account) (Reason, bool) {
	if f.UID == "" {
		return "", false
	}
	uid, err := strconv.ParseInt(f.UID, 10, 64)
	if err != nil {
		return "", false
	}
	const (
		firstPerson, firstApplePerson = 1000, 500
		nobody, nobodyAs32Bits        = 65534, 4294967294
	)
	first := int64(firstPerson)
	if f.Apple {
		first = firstApplePerson
	}
	switch {
	case uid == 0:
		return root, true
	case uid < first, uid == nobody, uid == nobodyAs32Bits:
		return posixDaemon, true
	case a.IsEmpty():
		return unnamedUser, true
	}
	return "", false
}

// index is the rule table in the form that is quick to ask.
type index struct {
	sids, relativeIDs        map[string]Reason
	sidPrefixes, sidPatterns []rule
	domains                  map[string]Reason
	names                    map[string]rule
	namePatterns             []rule
	guests                   map[string]bool
}

var builtinIndex = newIndex()

func newIndex() *index {
	x := &index{
		sids: map[string]Reason{}, relativeIDs: map[string]Reason{},
		domains: map[string]Reason{}, names: map[string]rule{}, guests: map[string]bool{},
	}
	for _, r := range builtinSIDs {
		x.addSID(r)
	}
	for _, r := range builtin {
		if strings.ContainsAny(r.pattern, "*#%") {
			x.namePatterns = append(x.namePatterns, r)
		} else {
			x.names[r.pattern] = r
		}
	}
	for reason, domains := range builtinDomains {
		for _, domain := range domains {
			x.domains[fold(domain)] = reason
		}
	}
	for reason, names := range windowsNames {
		for _, name := range names {
			x.names[fold(name)] = rule{reason: reason, yields: yieldsToDomainSID}
		}
	}
	for _, name := range daemonNames {
		x.names[name] = rule{reason: posixDaemon, yields: yieldsToID}
	}
	for _, name := range guestNames {
		x.guests[fold(name)] = true
	}
	return x
}

func (x *index) addSID(r rule) {
	switch {
	case strings.HasPrefix(r.pattern, domainSIDPrefix):
		_, rid, _ := strings.Cut(r.pattern, "*-")
		x.relativeIDs[rid] = r.reason
	case strings.HasSuffix(r.pattern, "*"):
		x.sidPrefixes = append(x.sidPrefixes, rule{pattern: strings.TrimSuffix(r.pattern, "*"), reason: r.reason})
	case strings.Contains(r.pattern, "#"):
		x.sidPatterns = append(x.sidPatterns, r)
	default:
		x.sids[r.pattern] = r.reason
	}
}

func (x *index) bySID(a Account) (Reason, bool) {
	if a.SID == "" {
		return "", false
	}
	sid := strings.ToUpper(a.SID)
	if rid, ofDomain := relativeID(sid); ofDomain {
		reason, ok := x.relativeIDs[rid]
		return reason, ok
	}
	if reason, ok := x.sids[sid]; ok {
		return reason, true
	}
	for _, r := range x.sidPrefixes {
		if strings.HasPrefix(sid, r.pattern) {
			return r.reason, true
		}
	}
	for _, r := range x.sidPatterns {
		if matchesNumbers(sid, r.pattern) {
			return r.reason, true
		}
	}
	return "", false
}

// matchesNumbers holds a SID against a pattern whose `#` stand for whole numbers.
func matchesNumbers(sid, pattern string) bool {
	parts, wanted := strings.Split(sid, "-"), strings.Split(pattern, "-")
	if len(parts) != len(wanted) {
		return false
	}
	for i, want := range wanted {
		if want == "#" && parts[i] != "" && strings.Trim(parts[i], "0123456789") == "" {
			continue
		}
		if parts[i] != want {
			return false
		}
	}
	return true
}

func (x *index) byName(a Account, facts Facts) (Reason, bool) {
	domain := fold(a.Domain)
	if reason, ok := x.domains[domain]; ok {
		return reason, true
	}
	// No logon domain has a blank in its name, and `NT` is in that of Windows' own in every language.
	if slices.Contains(strings.Fields(domain), "nt") && strings.Contains(domain, " ") {
		return "nt_authority", true
	}
	name := fold(a.shortName())
	if r, ok := x.names[name]; ok {
		return r.reason, !r.yieldsTo(a, facts)
	}
	for _, r := range x.namePatterns {
		if r.matchesName(name) && !r.yieldsTo(a, facts) {
			return r.reason, true
		}
	}
	_, ofDomain := relativeID(a.SID)
	if x.guests[name] && !ofDomain && a.UPN == "" && a.ObjectID == "" && (facts.Local || a.Domain == "") {
		return "guest", true
	}
	return "", false
}

// yieldsTo reports whether what is known of an account outweighs the rule.
func (r rule) yieldsTo(a Account, facts Facts) bool {
	_, ofDomain := relativeID(a.SID)
	switch r.yields {
	case yieldsToDomainSID:
		return ofDomain
	case yieldsToID:
		return a.UPN != "" || a.ObjectID != "" || ofDomain && !facts.Local && a.Domain != ""
	case yieldsToOtherUPN:
		if a.UPN == "" {
			return a.ObjectID != ""
		}
		local, _, _ := strings.Cut(fold(a.UPN), "@")
		return local != r.pattern && !r.matchesName(local)
	default:
		return false
	}
}

func (r rule) matchesName(name string) bool {
	if suffix, ok := strings.CutPrefix(r.pattern, "*"); ok {
		return strings.HasSuffix(name, suffix)
	}
	if prefix, ok := strings.CutSuffix(r.pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	if prefix, ok := strings.CutSuffix(r.pattern, "%"); ok {
		number, ok := strings.CutPrefix(name, prefix)
		return ok && len(number) == r.hex && strings.Trim(number, "0123456789abcdef") == ""
	}
	prefix, isNumbered := strings.CutSuffix(r.pattern, "#")
	number, ok := strings.CutPrefix(name, prefix)
	return isNumbered && ok && number != "" && strings.Trim(number, "0123456789") == ""
}
