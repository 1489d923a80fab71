package ndjsonencodingextension

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Config of the extension. Everything may be left out.
type Config struct {
	// AppendsTo is the path of the file exporter that uses this extension. A crash or a full disk cuts off the line
	// that was being written; when that file does not end with a line feed, the next chunk begins with one, so that
	// its first event is not joined to the piece and lost to readers of lines. When the file is removed, renamed or
	// replaced while the exporter has it open, its chunks are also written to a new file of that path.
	AppendsTo string `mapstructure:"appends_to" example:"/var/lib/otelcol-defender/events.ndjson"`

	// written is what the user wrote and the fields above do not show.
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
