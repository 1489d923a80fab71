package accounts

import (
	"errors"
	"regexp"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Patterns are a user's own rules: globs in which `*` stands for anything and `?` for one character,
// in any case.
type Patterns struct {
	// Names are globs that are held against the name, `DOMAIN\name` and the UPN.
	Names []string `mapstructure:"names" example:"[\"svc-*\"]"`
	// Domains are globs that are held against the domain.
	Domains []string `mapstructure:"domains" example:"[LAB]"`
	// SIDs are globs that are held against the SID.
	SIDs []string `mapstructure:"sids" example:"[\"S-1-5-21-1-*\"]"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Check names a pattern that could not mean anything.
func (p *Patterns) Check() error {
	_, err := p.compile()
	return err
}

type patterns struct {
	names, domains, sids *regexp.Regexp
}

func (p *Patterns) compile() (*patterns, error) {
	var compiled patterns
	for _, list := range []struct {
		key   string
		globs []string
		into  **regexp.Regexp
	}{
		{"names", p.Names, &compiled.names},
		{"domains", p.Domains, &compiled.domains},
		{"sids", p.SIDs, &compiled.sids},
	} {
		var err error
		if *list.into, err = compileGlobs(list.globs); err != nil {
			return nil, settings.Problemf(list.key, "%v", err)
		}
	}
	return &compiled, nil
}

// compileGlobs makes one expression of all globs; nil when there is none.
func compileGlobs(globs []string) (*regexp.Regexp, error) {
	if len(globs) == 0 {
		return nil, nil
	}
	wildcards := strings.NewReplacer(`\*`, `.*`, `\?`, `.`)
	expressions := make([]string, len(globs))
	for i, glob := range globs {
		if strings.TrimSpace(glob) == "" {
			return nil, errors.New("holds an empty pattern, which matches nothing: remove it")
		}
		expressions[i] = wildcards.Replace(regexp.QuoteMeta(glob))
	}
	return regexp.Compile(`(?is)^(?:` + strings.Join(expressions, "|") + `)$`)
}

func (p *patterns) match(a Account) bool {
	return matchAny(p.sids, a.SID) || matchAny(p.domains, a.Domain) ||
		p.names != nil && matchAny(p.names, a.Name, a.DomainName(), a.UPN)
}

func matchAny(expression *regexp.Regexp, values ...string) bool {
	if expression == nil {
		return false
	}
	for _, v := range values {
		if v != "" && expression.MatchString(v) {
			return true
		}
	}
	return false
}
