package pipelinecheck

// sharedQuota finds the other defender receivers that are the same application of the same tenant.
func sharedQuota(f *flow) []string {
	if !f.source.is(typeDefender) {
		return nil
	}
	for _, other := range f.of.flows() {
		if other.source.id != f.source.id && other.source.is(typeDefender) &&
			other.source.text("credentials::tenant_id") == f.source.text("credentials::tenant_id") &&
			other.source.text("credentials::client_id") == f.source.text("credentials::client_id") {
			return []string{f.source.path() + "::quota"}
		}
	}
	return nil
}
