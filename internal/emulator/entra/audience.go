package entra

import "slices"

// Resources for which Entra ID gives tokens, which are also their audiences.
const (
	AudienceGraph  = "https://graph.microsoft.com"
	AudienceLegacy = "https://api.security.microsoft.com"
	// AudienceStorage is that of storage accounts, in all clouds.
	AudienceStorage = "https://storage.azure.com"
)

// resources are all, also those of the clouds for the US government.
var resources = []string{
	AudienceGraph, AudienceLegacy, AudienceStorage, "https://graph.microsoft.us", "https://dod-graph.microsoft.us", "https://api-gov.security.microsoft.us",
}

// audienceAt is the audience of an API that is asked at a host: the government clouds have their own.
func audienceAt(host, audience string) string {
	if own := "https://" + host; slices.Contains(resources, own) {
		return own
	}
	return audience
}
