package directory

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

// maxDomains bounds the domains that are remembered: a tenant has few.
const maxDomains = 10_000

// domains are the DNS names of domains by their first label, lower case. Its owner guards it.
type domains map[string][]string

func (d domains) knows(domain string) bool {
	label := accounts.DomainLabel(domain)
	return label == domain || len(d) >= maxDomains || containsFold(d[strings.ToLower(label)], domain)
}

func (d domains) take(domain string) {
	if d.knows(domain) {
		return
	}
	label := strings.ToLower(accounts.DomainLabel(domain))
	if len(d[label]) < maxForms {
		d[label] = append(d[label], strings.ToLower(domain))
	}
}

// short is the first label of a domain, unless that is the label of two.
func (d domains) short(domain string) string {
	label := accounts.DomainLabel(domain)
	if len(d[strings.ToLower(label)]) > 1 {
		return domain
	}
	return label
}

// ShortDomain is what the forms of a logon domain have in common: its first label, unless that is the label of two.
func (d *Directories) ShortDomain(domain string) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.domains.short(domain)
}
