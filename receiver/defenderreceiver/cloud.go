package defenderreceiver

import (
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

// Cloud is one of Microsoft's clouds.
type Cloud string

// The clouds that offer hunting. China's does not.
const (
	CloudGlobal          Cloud = "global"
	CloudUSGovernment    Cloud = "us_government"
	CloudUSGovernmentDoD Cloud = "us_government_dod"
)

// API is one of the service's hunting APIs.
type API string

// The APIs.
const (
	APIGraph  API = "graph"
	APILegacy API = "legacy"
)

// Mode is how rows are found that arrive late.
type Mode string

// The modes. Auto asks the service which it can do.
const (
	ModeAuto          Mode = "auto"
	ModeIngestionTime Mode = "ingestion_time"
	ModeEventTime     Mode = "event_time"
)

// hosts are where a cloud's services are. The scope of a token is its service's URL and does not
// change when the endpoint is replaced.
type hosts struct {
	login, graph, legacy string
}

var clouds = map[Cloud]hosts{
	CloudGlobal: {
		login: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com", legacy: "https://api.security.microsoft.com",
	},
	CloudUSGovernment: {
		login: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us", legacy: "https://api-gov.security.microsoft.us",
	},
	CloudUSGovernmentDoD: {
		login: "https://login.microsoftonline.us", graph: "https://dod-graph.microsoft.us", legacy: "https://api-gov.security.microsoft.us",
	},
}

// service is the URL of the API in the cloud.
func (h hosts) service(api API) string {
	if api == APILegacy {
		return h.legacy
	}
	return h.graph
}

func (a API) hunting() hunting.API {
	if a == APILegacy {
		return hunting.Legacy
	}
	return hunting.Graph
}
