package defenderstreamingencodingextension

import "go.opentelemetry.io/collector/component"

// Config has no settings: a message says itself what form it has.
type Config struct {
	// prevent unkeyed literal initialization
	_ struct{}
}

var _ component.Config = (*Config)(nil)
