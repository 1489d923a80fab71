package pipelinecheck

import "slices"

// What those who watch a collector would not see.
var watchRules = []rule{
	{
		name: "status_without_reasons", effect: Notes,
		where: func(f *flow) []string {
			return f.of.healthChecks(func(c *configured) bool {
				return c.has("http") && c.truth("http::status::enabled") && !c.truth("http::status::include_attributes")
			}, "http::status::include_attributes")
		},
		why:    "the status leaves out the attributes: which tables wait or are paused, and why, is not shown",
		remedy: "http: {status: {enabled: true, path: /status, include_attributes: true}}",
	},
	{
		name: "health_check_v1", effect: Notes,
		where: func(f *flow) []string {
			return f.of.healthChecks(func(c *configured) bool { return !c.truth("use_v2") }, "use_v2")
		},
		why:    "without use_v2 the health check answers 200 whatever the components report",
		remedy: "use_v2: true",
	},
	{
		name: "scope_left_out", effect: Notes,
		where: func(f *flow) []string {
			if f.of.leavesScopeOut() {
				return []string{"service::telemetry::metrics::readers"}
			}
			return nil
		},
		why: "the page leaves out the scope (without_scope_info is true unless set): with the feature gate telemetry.newPipelineTelemetry, which puts the" +
			" component and the pipeline into the scope, series of two pipelines become the same, and the whole page answers 500",
		remedy: "without_scope_info: false",
	},
}

// healthChecks are the settings of health checks that are started and of which something is true.
func (c *configuration) healthChecks(wrong func(*configured) bool, key string) []string {
	var paths []string
	for _, id := range sorted(c.components[extensions]) {
		if found := c.components[extensions][id]; found.is(typeHealth) && slices.Contains(c.enabled, id) && wrong(found) {
			paths = append(paths, joinKeys(found.path(), key))
		}
	}
	return paths
}

func (c *configuration) leavesScopeOut() bool {
	readers, _ := c.telemetry.Get("metrics::readers").([]any)
	return slices.ContainsFunc(readers, func(reader any) bool {
		exporter := member(member(reader, "pull"), "exporter")
		page := member(exporter, "prometheus")
		return page != nil && member(page, "without_scope_info") != false
	})
}

func member(of any, key string) any {
	settings, _ := of.(map[string]any)
	return settings[key]
}
