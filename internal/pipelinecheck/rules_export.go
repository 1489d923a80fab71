package pipelinecheck

import (
	"slices"
	"strings"
)

// What receivers of the storage export do beside others, and to what the export writes again.
var exportRules = []rule{
	{
		name: "export_repeats", effect: Repeats,
		where: theSource(typeDefenderBlobs).at("deduplicate", func(c *configured, _ *flow) bool {
			return c.duration("deduplicate::window") == 0 || c.number("deduplicate::max_entries") == 0
		}),
		why:    "the export writes 3 to 4 % of its rows again: all of them are handed on, with the same log.record.uid",
		remedy: "deduplicate: {window: 2h, max_entries: 1000000}, or let the destination keep one of each log.record.uid",
	},
	{
		name: "exported_and_hunted", effect: Repeats,
		where:  hunted,
		why:    "a defender receiver reads some of the same tables of the tenant: each row of them comes twice, with the same log.record.uid",
		remedy: "name the containers of these tables in exclude_containers, or set tables::NAME::enabled: false in the other receiver",
	},
	{
		name: "exported_twice", effect: Repeats,
		where:  exportedTwice,
		why:    "another receiver reads the same blobs of the account: each row comes twice, with the same log.record.uid",
		remedy: "one receiver for all pipelines, or other containers, tenants or shard::index for each",
	},
}

const exportPrefix = "insights-logs-advancedhunting-"

// exports reports whether a receiver of the storage export reads a container.
func (c *configured) exports(container string) bool {
	return !slices.Contains(c.texts("exclude_containers"), container) && (c.length("containers") == 0 || slices.Contains(c.texts("containers"), container))
}

// ofTenants are those whose blobs a receiver reads, as far as the configuration says: an account mostly has one tenant.
func (c *configured) ofTenants() []string {
	tenants := c.texts("tenants")
	if len(tenants) == 0 {
		tenants = []string{c.text("credentials::tenant_id")}
	}
	for i, tenant := range tenants {
		tenants[i] = strings.ToLower(tenant)
	}
	return tenants
}

// texts are the elements of a list.
func (c *configured) texts(key string) []string {
	list, ok := c.get(key).([]any)
	if !ok {
		return nil
	}
	var texts []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// hunted finds a receiver of the export beside which a table is read by hunting, too. Alerts are other rows there, and directories
// repeat nothing.
func hunted(f *flow) []string {
	if !f.source.is(typeDefenderBlobs) {
		return nil
	}
	for _, other := range f.of.flows() {
		if !other.source.is(typeDefender) || !slices.Contains(f.source.ofTenants(), strings.ToLower(other.source.text("credentials::tenant_id"))) {
			continue
		}
		for name := range other.source.members("tables") {
			if name != "Alerts" && isEventTable(name) && other.source.truth("tables::"+name+"::enabled") && f.source.exports(exportPrefix+strings.ToLower(name)) {
				return []string{f.source.path() + "::containers"}
			}
		}
	}
	return nil
}

// exportedTwice finds two receivers that read some of the same blobs.
func exportedTwice(f *flow) []string {
	if !f.source.is(typeDefenderBlobs) {
		return nil
	}
	for _, other := range f.of.flows() {
		if other.source.is(typeDefenderBlobs) && other.source.id != f.source.id && sameBlobs(f.source, other.source) {
			return []string{f.source.path() + "::account_url"}
		}
	}
	return nil
}

func sameBlobs(a, b *configured) bool {
	account := func(c *configured) string { return strings.TrimSuffix(strings.ToLower(c.text("account_url")), "/") }
	switch {
	case account(a) != account(b):
		return false
	case a.number("shard::of") == b.number("shard::of") && a.number("shard::index") != b.number("shard::index"):
		return false
	case a.length("tenants") > 0 && b.length("tenants") > 0 && !slices.ContainsFunc(a.ofTenants(), func(t string) bool { return slices.Contains(b.ofTenants(), t) }):
		return false
	case a.length("containers") > 0:
		return slices.ContainsFunc(a.texts("containers"), func(name string) bool { return a.exports(name) && b.exports(name) })
	case b.length("containers") > 0:
		return slices.ContainsFunc(b.texts("containers"), func(name string) bool { return a.exports(name) && b.exports(name) })
	}
	return true // of all containers that there are or will be
}
