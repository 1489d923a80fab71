package detectionrateconnector

import (
	"errors"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Config is the connector's configuration.
type Config struct {
	// Window is how far an alert may be from the end of an execution, before or after it.
	Window time.Duration `mapstructure:"window"`
	// Lookback is how far back executions are counted.
	Lookback time.Duration `mapstructure:"lookback"`
	// Settle is how long an execution waits for late alerts before it is counted.
	Settle time.Duration `mapstructure:"settle"`
	// Granularity says how times are compared.
	Granularity Granularity `mapstructure:"granularity"`
	// Rollup says which techniques of alerts detect a sub-technique.
	Rollup Rollup `mapstructure:"rollup"`
	// Match says what an alert needs so that a technique counts as detected.
	Match Match `mapstructure:"match"`
	// Evidence is how far from the end of an execution an alert may be created or updated that holds a file of the test.
	Evidence EvidenceConfig `mapstructure:"evidence" example:"{before: 5m, after: 30m}"`
	// Exclude names executions that are not counted.
	Exclude ExcludeConfig `mapstructure:"exclude" example:"{categories: [cyber-hygiene], outcomes: [skipped]}"`
	// Format is the form of executions.
	Format Format `mapstructure:"format"`
	// ExecutionsFile is a file of executions: lines of JSON, or CSV if its name ends with .csv.
	ExecutionsFile string `mapstructure:"executions_file" example:"/var/lib/otelcol-defender/executions.ndjson"`
	// Interval is how often the figures are given, and what is due is told.
	Interval time.Duration `mapstructure:"interval"`
	// Limits bound memory and series.
	Limits LimitsConfig `mapstructure:"limits" example:"{executions: 200000}"`
	// StorageID is the storage extension that keeps executions and alerts over restarts.
	StorageID *component.ID `mapstructure:"storage" example:"file_storage/rate"`

	// written is what the user wrote and the fields above do not show.
	written *settings.Written

	// prevent unkeyed literal initialization
	_ struct{}
}

// EvidenceConfig bounds the time of evidence.
type EvidenceConfig struct {
	// Before is how long before the end of an execution.
	Before time.Duration `mapstructure:"before"`
	// After is how long after it.
	After time.Duration `mapstructure:"after"`
}

// ExcludeConfig names executions that are not counted.
type ExcludeConfig struct {
	// Categories are those of the tests.
	Categories []string `mapstructure:"categories" example:"[cyber-hygiene]"`
	// Outcomes are those of the executions.
	Outcomes []Outcome `mapstructure:"outcomes" example:"[skipped, inconclusive]"`
}

// LimitsConfig bounds memory and series.
type LimitsConfig struct {
	// Executions is how many executions are known; the oldest ones are forgotten first.
	Executions int `mapstructure:"executions"`
	// Alerts is how many alerts are known; the oldest ones are forgotten first.
	Alerts int `mapstructure:"alerts"`
	// Techniques is how many techniques have series of their own; the others share the technique other.
	Techniques int `mapstructure:"techniques"`
}

// Granularity is how times are compared.
type Granularity string

const (
	// GranularityExact compares the times as they are.
	GranularityExact Granularity = "exact"
	// GranularityHour compares whole hours, as ProjectAchilles does.
	GranularityHour Granularity = "hour"
)

// Rollup is which techniques of alerts detect a sub-technique.
type Rollup string

const (
	// RollupParent lets an alert of the parent technique detect it, too.
	RollupParent Rollup = "parent"
	// RollupNone lets only an alert of the same technique detect it.
	RollupNone Rollup = "none"
)

// Match is what an alert needs so that a technique counts as detected.
type Match string

const (
	// MatchTechnique needs the technique, on any host.
	MatchTechnique Match = "technique"
	// MatchTechniqueAndHost needs the technique and the host of the test.
	MatchTechniqueAndHost Match = "technique_and_host"
	// MatchEvidence needs the host and a file of the test, and no technique.
	MatchEvidence Match = "evidence"
)

// Format is the form of executions.
type Format string

const (
	// FormatAuto finds out which one it is.
	FormatAuto Format = "auto"
	// FormatAttributes has security.test.* as attributes, or as keys or columns of a file.
	FormatAttributes Format = "attributes"
	// FormatAchilles are documents of the index achilles-results of ProjectAchilles.
	FormatAchilles Format = "achilles"
	// FormatF0 are results of f0_library.
	FormatF0 Format = "f0"
)

// Outcome is how a test ended.
type Outcome string

// The outcomes.
const (
	OutcomeProtected    Outcome = "protected"
	OutcomeUnprotected  Outcome = "unprotected"
	OutcomeInconclusive Outcome = "inconclusive"
	OutcomeSkipped      Outcome = "skipped"
	OutcomeError        Outcome = "error"
	OutcomeUnknown      Outcome = "unknown"
)

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
func (c *Config) Validate() error {
	return c.written.Report(
		settings.Positive("window", c.Window),
		settings.Positive("lookback", c.Lookback),
		settings.AtLeast("settle", c.Settle, 0),
		settings.Positive("interval", c.Interval),
		settings.AtLeast("evidence::before", c.Evidence.Before, 0),
		settings.AtLeast("evidence::after", c.Evidence.After, 0),
		settings.OneOf("granularity", c.Granularity, GranularityExact, GranularityHour),
		settings.OneOf("rollup", c.Rollup, RollupParent, RollupNone),
		settings.OneOf("match", c.Match, MatchTechnique, MatchTechniqueAndHost, MatchEvidence),
		settings.OneOf("format", c.Format, FormatAuto, FormatAttributes, FormatAchilles, FormatF0),
		c.validateExclude(),
		c.validateSettle(),
		settings.Positive("limits::executions", c.Limits.Executions),
		settings.Positive("limits::alerts", c.Limits.Alerts),
		settings.Positive("limits::techniques", c.Limits.Techniques),
	)
}

func (c *Config) validateExclude() error {
	if slices.Contains(c.Exclude.Categories, "") {
		return settings.Problemf("exclude::categories", "has an empty name: remove it")
	}
	var problems []error
	for _, o := range c.Exclude.Outcomes {
		problems = append(problems, settings.OneOf("exclude::outcomes", o, OutcomeProtected, OutcomeUnprotected, OutcomeInconclusive, OutcomeSkipped, OutcomeError, OutcomeUnknown))
	}
	return errors.Join(problems...)
}

func (c *Config) validateSettle() error {
	if c.Settle >= c.Lookback && c.Lookback > 0 {
		return settings.Problemf("settle", "is not less than lookback: no execution would ever be counted")
	}
	return nil
}
