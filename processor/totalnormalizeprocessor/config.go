package totalnormalizeprocessor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

// Config is the processor's configuration.
type Config struct {
	// DomainID is the customer's TOTAL domain. Required.
	DomainID string `mapstructure:"domain_id"`
	// TUID says how a person gets a tuid.
	TUID TUIDConfig `mapstructure:"tuid"`
	// Accounts adds to the rules that tell people from machines.
	Accounts AccountsConfig `mapstructure:"accounts"`
	// LoggedOnUsers gives a row without any account to the device's one logged-on human.
	LoggedOnUsers bool `mapstructure:"logged_on_users"`
	// Directories bounds what is remembered of people and devices.
	Directories DirectoriesConfig `mapstructure:"directories"`
	// SemanticAttributes adds attributes of OpenTelemetry's semantic conventions to the records.
	SemanticAttributes bool `mapstructure:"semantic_attributes"`
	// StorageID is the storage extension that keeps the directories and the order of events over restarts.
	StorageID *component.ID `mapstructure:"storage"`
	// OtherRecords says what becomes of records that are no Defender rows.
	OtherRecords OtherRecords `mapstructure:"other_records"`
	// AdditionalColumns are columns that go to raw_metadata, beside those that always do, where a row has them.
	AdditionalColumns []string `mapstructure:"additional_columns"`

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

// Validate checks that each directory can hold something.
func (c *DirectoriesConfig) Validate() error {
	var errs []error
	if c.MaxEntries <= 0 {
		errs = append(errs, fmt.Errorf("'max_entries' must be positive, not %d", c.MaxEntries))
	}
	if c.MaxAge <= 0 {
		errs = append(errs, fmt.Errorf("'max_age' must be positive, not %v", c.MaxAge))
	}
	return errors.Join(errs...)
}

// AccountsConfig adds to the built-in rules. Include wins over Exclude.
type AccountsConfig struct {
	Exclude accounts.Patterns `mapstructure:"exclude"`
	Include accounts.Patterns `mapstructure:"include"`

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

var errNoDomainID = errors.New("'domain_id' must be set: the customer's TOTAL domain")

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal takes an empty storage for none.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if conf.Get("storage") == "" {
		conf.Delete("storage")
	}
	return conf.Unmarshal(c)
}

// Validate checks what does not validate itself.
func (c *Config) Validate() error {
	var errs []error
	if c.DomainID == "" {
		errs = append(errs, errNoDomainID)
	}
	for _, column := range c.AdditionalColumns {
		if !isColumn(column) {
			errs = append(errs, fmt.Errorf("'additional_columns': %q is no column; name one as the service does, e.g. ProcessId", column))
		}
	}
	return errors.Join(errs...)
}

// isColumn reports whether a name can be a column's.
func isColumn(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// Validate checks that u is a known choice.
func (u Unmapped) Validate() error {
	switch u {
	case UnmappedDerive, UnmappedEmpty, UnmappedDrop:
		return nil
	}
	return fmt.Errorf("'unmapped' must be derive, empty or drop, not %q", string(u))
}

// Validate checks that o is a known choice.
func (o OtherRecords) Validate() error {
	switch o {
	case OtherRecordsPass, OtherRecordsDrop:
		return nil
	}
	return fmt.Errorf("'other_records' must be pass or drop, not %q", string(o))
}
