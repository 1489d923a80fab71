package ndjsonencodingextension

import "go.opentelemetry.io/collector/component"

// Config has no settings: there is one way to write a body as a line of JSON.
type Config struct {
	// prevent unkeyed literal initialization
	_ struct{}
}

var _ component.Config = (*Config)(nil)
