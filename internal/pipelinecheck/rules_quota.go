package pipelinecheck

import (
	"strings"
)

// What several receivers of one tenant do to its quota. The service counts by tenant; the receivers of one process that
// use the same tenant, client and API share one account.
var quotaRules = []rule{
	{
		name: "shared_quota", effect: Notes,
		where: beside(func(mine, other quotaOwner) bool { return mine == other }),
		why: "several receivers poll one tenant as one application: they share one quota, of which each counts what the others spend;" +
			" where their figures differ, the smaller of each counts for all",
		remedy: "give all of them the same quota settings, so that what is meant can be seen; a receiver in another process does not know of this quota",
	},
	{
		name: "quota_of_one_tenant", effect: Notes,
		where: beside(func(mine, other quotaOwner) bool { return mine.tenant == other.tenant && mine != other }),
		why: "several receivers poll one tenant with another client_id or endpoint: the service counts them together, but each keeps to its own share and knows nothing" +
			" of the others, so that the tenant is asked for the sum of their shares",
		remedy: "the same client_id and endpoint for all of them, which then share one quota; or set quota::share so that the sum is what you mean to use",
	},
	{
		name: "read_twice", effect: Repeats,
		where:  readTwice,
		why:    "another receiver reads the same tables of the same tenant: each row comes twice, with the same log.record.uid, and costs its quota twice",
		remedy: "one receiver for all pipelines, or disable in each what the other reads (tables::NAME::enabled: false)",
	},
}

// quotaOwner is whose quota a receiver spends, as the receiver itself tells them apart.
type quotaOwner struct{ endpoint, tenant, client string }

func (c *configured) quotaOwner() quotaOwner {
	endpoint := c.text("endpoint")
	if endpoint == "" {
		endpoint = c.text("cloud")
	}
	return quotaOwner{
		endpoint: strings.ToLower(endpoint), tenant: strings.ToLower(c.text("credentials::tenant_id")),
		client: strings.ToLower(c.text("credentials::client_id")),
	}
}

// beside finds receivers beside which there is another one, of a kind.
func beside(is func(mine, other quotaOwner) bool) func(*flow) []string {
	return func(f *flow) []string {
		for _, other := range f.others() {
			if is(f.source.quotaOwner(), other.quotaOwner()) {
				return []string{f.source.path() + "::quota"}
			}
		}
		return nil
	}
}

// others are the other defender receivers that are used, where the flow's source is one.
func (f *flow) others() []*configured {
	var all []*configured
	for _, other := range f.of.flows() {
		if f.source.is(typeDefender) && other.source.is(typeDefender) && other.source.id != f.source.id && other.source.text("credentials::tenant_id") != "" {
			all = append(all, other.source)
		}
	}
	return all
}

func readTwice(f *flow) []string {
	for _, other := range f.others() {
		if other.quotaOwner().tenant != f.source.quotaOwner().tenant {
			continue
		}
		for name, settings := range other.members("tables") {
			if table, ok := settings.(map[string]any); ok && table["enabled"] == true && isEventTable(name) && f.source.truth("tables::"+name+"::enabled") {
				return []string{f.source.path() + "::tables"}
			}
		}
	}
	return nil
}

// isEventTable: directories are read by each receiver, and repeat nothing.
func isEventTable(name string) bool {
	return name != "DeviceInfo" && name != "IdentityInfo" && name != "Users"
}
