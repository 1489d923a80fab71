package alertresolverconnector

import (
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Config is the connector's configuration.
type Config struct {
	// ClientConfig stands flat beside the connector's own keys. Its endpoint replaces the cloud's.
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`

	// Mode says whether anything is written to the tenant.
	Mode Mode `mapstructure:"mode"`
	// Cloud is where the tenant is.
	Cloud Cloud `mapstructure:"cloud"`
	// Credentials are those of an app registration of its own, which holds SecurityAlert.ReadWrite.All. Required unless the mode is
	// disabled.
	Credentials credentials.Config `mapstructure:"credentials" example:"{tenant_id: <tenant id>, client_id: <client id>, client_secret_file: /etc/otelcol-defender/resolver-secret}"`
	// Attributions are what the evidence must point to.
	Attributions []Attribution `mapstructure:"attributions" example:"[stage]"`
	// Interval is how long after a pass the next one begins.
	Interval time.Duration `mapstructure:"interval"`
	// Limits bound a pass.
	Limits LimitsConfig `mapstructure:"limits" example:"{alerts: 30, time: 30s}"`
	// StorageID is the storage extension that keeps tasks and receipts over restarts.
	StorageID *component.ID `mapstructure:"storage" example:"file_storage/resolver"`

	// written is what the user wrote and the fields above do not show.
	written *settings.Written

	// prevent unkeyed literal initialization
	_ struct{}
}

// LimitsConfig bounds a pass.
type LimitsConfig struct {
	// Alerts is how many alerts a pass reads.
	Alerts int `mapstructure:"alerts"`
	// Time is how long a pass takes.
	Time time.Duration `mapstructure:"time"`
}

// Mode is whether anything is written to the tenant.
type Mode string

const (
	// ModeDisabled sends no request at all.
	ModeDisabled Mode = "disabled"
	// ModeDryRun reads alerts, and says what enabled would do.
	ModeDryRun Mode = "dry_run"
	// ModeEnabled resolves alerts.
	ModeEnabled Mode = "enabled"
)

// Attribution is what evidence points to.
type Attribution string

const (
	// AttributionStage is the test of the execution, and no other.
	AttributionStage Attribution = "stage"
	// AttributionBundle is the bundle of the test.
	AttributionBundle Attribution = "bundle"
)

// Cloud is one of Microsoft's clouds.
type Cloud string

// The clouds.
const (
	CloudGlobal          Cloud = "global"
	CloudUSGovernment    Cloud = "us_government"
	CloudUSGovernmentDoD Cloud = "us_government_dod"
)

// hosts are where a cloud's services are.
type hosts struct{ login, graph string }

var clouds = map[Cloud]hosts{
	CloudGlobal:          {"https://login.microsoftonline.com", "https://graph.microsoft.com"},
	CloudUSGovernment:    {"https://login.microsoftonline.us", "https://graph.microsoft.us"},
	CloudUSGovernmentDoD: {"https://login.microsoftonline.us", "https://dod-graph.microsoft.us"},
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal decodes what is written. What is wrong with it is for Validate to say, together with everything else.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if err := credentials.DateAsText(conf, "credentials::expires"); err != nil {
		return err
	}
	written, err := settings.Decode(conf, c)
	c.written = written
	return err
}

// Validate names each key that is wrong and says what to do.
func (c *Config) Validate() error {
	found := []error{
		settings.OneOf("mode", c.Mode, ModeDisabled, ModeDryRun, ModeEnabled),
		settings.OneOf("cloud", c.Cloud, CloudGlobal, CloudUSGovernment, CloudUSGovernmentDoD),
		settings.SecureURL("endpoint", c.ClientConfig.Endpoint, clouds[CloudGlobal].graph),
		settings.ProxyURL("proxy_url", c.ClientConfig.ProxyURL),
		settings.Positive("timeout", c.ClientConfig.Timeout),
		settings.Positive("interval", c.Interval),
		settings.Positive("limits::alerts", c.Limits.Alerts),
		settings.Positive("limits::time", c.Limits.Time),
		c.validateAttributions(),
	}
	if c.Mode != ModeDisabled {
		found = append(found, settings.Under("credentials", c.Credentials.Check(c.written, clouds[CloudGlobal].login, c.ClientConfig.Auth.HasValue())))
	}
	return c.written.Report(found...)
}

func (c *Config) validateAttributions() error {
	if len(c.Attributions) == 0 {
		return settings.Problemf("attributions", "names none: write [stage], or set mode: disabled")
	}
	var problems []error
	for _, a := range c.Attributions {
		problems = append(problems, settings.OneOf("attributions", a, AttributionStage, AttributionBundle))
	}
	return errors.Join(problems...)
}

func (c *Config) attributions() []string {
	all := make([]string, len(c.Attributions))
	for i, a := range c.Attributions {
		all[i] = string(a)
	}
	return all
}
