package hunting

// API is one of the service's two hunting APIs.
type API uint8

const (
	// Graph is Microsoft Graph's security/runHuntingQuery.
	Graph API = iota
	// Legacy is api.security.microsoft.com's advancedhunting/run, which ends on 2027-02-01.
	Legacy
)

func (a API) String() string {
	if a == Legacy {
		return "legacy"
	}
	return "graph"
}

// path of the API below its base URL.
func (a API) path() string {
	if a == Legacy {
		return "api/advancedhunting/run"
	}
	return "v1.0/security/runHuntingQuery"
}
