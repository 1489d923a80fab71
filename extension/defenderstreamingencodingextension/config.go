package defenderstreamingencodingextension

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Config has no settings: a message says itself what form it has.
type Config struct {
	// written is what the user wrote all the same.
	written *settings.Written

	// prevent unkeyed literal initialization
	_ struct{}
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal decodes what is written. What is wrong with it is for Validate to say, together with everything else.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	written, err := settings.Decode(conf, c)
	c.written = written
	return err
}

// Validate names each key that is wrong and says what to do.
func (c *Config) Validate() error { return c.written.Report() }
