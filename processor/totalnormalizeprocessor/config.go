package totalnormalizeprocessor

import (
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Config is the processor's configuration.
type Config struct {
	// DomainID is the customer's TOTAL domain. Required.
	DomainID string `mapstructure:"domain_id"`
	// TUID says how a person gets a tuid.
	TUID TUIDConfig `mapstructure:"tuid" example:"{mapping_file: /etc/otelcol-defender/tuids.csv}"`
	// Accounts adds to the rules that tell people from machines.
	Accounts AccountsConfig `mapstructure:"accounts" example:"{exclude: {names: [\"svc-*\"]}}"`
	// LoggedOnUsers gives a row without any account to the device's one logged-on human.
	LoggedOnUsers bool `mapstructure:"logged_on_users"`
	// Directories bounds what is remembered of people and devices.
	Directories DirectoriesConfig `mapstructure:"directories" example:"{max_age: 30d}"`
	// SemanticAttributes adds attributes of OpenTelemetry's semantic conventions to the records.
	SemanticAttributes bool `mapstructure:"semantic_attributes"`
	// StorageID is the storage extension that keeps the directories and the order of events over restarts.
	StorageID *component.ID `mapstructure:"storage" example:"file_storage/directories"`
	// OtherRecords says what becomes of records that are no Defender rows.
	OtherRecords OtherRecords `mapstructure:"other_records"`
	// Alerts says which records alerts become events from. The others give none, so that no alert comes twice.
	Alerts Alerts `mapstructure:"alerts"`
	// AdditionalColumns are columns that go to raw_metadata, beside those that always do, where a row has them.
	AdditionalColumns []string `mapstructure:"additional_columns"`

	// written is what the user wrote and the fields above do not show.
	written *settings.Written

	// prevent unkeyed literal initialization
	_ struct{}
}

// TUIDConfig says how a person gets a tuid.
type TUIDConfig struct {
	// MappingFile is a CSV file of the columns user and tuid. It is read again when it changes.
	MappingFile string `mapstructure:"mapping_file"`
	// Unmapped says what becomes of people whom the mapping file does not name.
	Unmapped Unmapped `mapstructure:"unmapped"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// DirectoriesConfig bounds each directory of people or devices.
type DirectoriesConfig struct {
	// MaxEntries is how many entries a directory keeps. Beyond, the one not seen for longest goes.
	MaxEntries int `mapstructure:"max_entries"`
	// MaxAge is how long an entry is kept after it was last seen.
	MaxAge time.Duration `mapstructure:"max_age"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// AccountsConfig adds to the built-in rules. Include wins over Exclude.
type AccountsConfig struct {
	// Exclude are accounts that are no person's, beside the built-in rules.
	Exclude accounts.Patterns `mapstructure:"exclude" example:"{names: [\"svc-*\"]}"`
	// Include are accounts that are a person's whatever the rules say.
	Include accounts.Patterns `mapstructure:"include" example:"{names: [scanner]}"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Unmapped is what becomes of people whom the mapping file does not name.
type Unmapped string

const (
	// UnmappedDerive computes a tuid from domain_id and user.
	UnmappedDerive Unmapped = "derive"
	// UnmappedEmpty leaves the tuid empty.
	UnmappedEmpty Unmapped = "empty"
	// UnmappedDrop drops the record.
	UnmappedDrop Unmapped = "drop"
)

// OtherRecords is what becomes of records that are no Defender rows.
type OtherRecords string

const (
	// OtherRecordsPass hands them on as they are.
	OtherRecordsPass OtherRecords = "pass"
	// OtherRecordsDrop drops them.
	OtherRecordsDrop OtherRecords = "drop"
)

// Alerts is which records alerts become events from.
type Alerts string

const (
	// AlertsHunting are rows of the tables of alerts.
	AlertsHunting Alerts = "hunting"
	// AlertsGraph are alerts of the receiver's feed alerts_v2.
	AlertsGraph Alerts = "graph"
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
		c.validateDomainID(),
		settings.OneOf("tuid::unmapped", c.TUID.Unmapped, UnmappedDerive, UnmappedEmpty, UnmappedDrop),
		settings.OneOf("other_records", c.OtherRecords, OtherRecordsPass, OtherRecordsDrop),
		settings.OneOf("alerts", c.Alerts, AlertsHunting, AlertsGraph),
		settings.Positive("directories::max_entries", c.Directories.MaxEntries),
		settings.Positive("directories::max_age", c.Directories.MaxAge),
		settings.Under("accounts::exclude", c.Accounts.Exclude.Check()),
		settings.Under("accounts::include", c.Accounts.Include.Check()),
		c.validateColumns(),
	)
}

func (c *Config) validateDomainID() error {
	const what = "write the customer's TOTAL domain, e.g. customer-domain-001"
	switch {
	case c.written.Empty("domain_id"):
		return settings.Problemf("domain_id", "is empty (%s): %s", settings.EmptyHint, what)
	case c.DomainID == "":
		return settings.Problemf("domain_id", "is required: %s", what)
	case strings.HasPrefix(c.DomainID, "<") && strings.HasSuffix(c.DomainID, ">"):
		return settings.Problemf("domain_id", "is a placeholder: %s", what)
	}
	return nil
}

func (c *Config) validateColumns() error {
	var problems []error
	for _, column := range c.AdditionalColumns {
		if !isColumn(column) {
			problems = append(problems, settings.Problemf("additional_columns", "names %q, which is no column: name one as the service does, e.g. ProcessId", column))
		}
	}
	return errors.Join(problems...)
}

// isColumn reports whether a name can be a column's.
func isColumn(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}
