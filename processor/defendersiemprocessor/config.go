package defendersiemprocessor

import (
	"errors"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Config is the processor's configuration.
type Config struct {
	// Records says what an alert has a record for.
	Records Records `mapstructure:"records"`
	// Names says how the fields are spelled.
	Names Names `mapstructure:"names"`
	// Services are those whose alerts are converted, by Graph's serviceSource.
	Services []string `mapstructure:"services" example:"[microsoftDefenderForEndpoint]"`
	// AdditionalIndicators are kinds of evidence that have records too, beside processes, files, addresses and URLs.
	AdditionalIndicators []Indicator `mapstructure:"additional_indicators" example:"[dns]"`
	// Extended fills the fields that Microsoft's migration page calls unsupported, and that alerts have today.
	Extended bool `mapstructure:"extended"`
	// OmitEmpty leaves out fields that are empty or null.
	OmitEmpty bool `mapstructure:"omit_empty"`
	// OnUpdate says what a later version of an alert gives.
	OnUpdate OnUpdate `mapstructure:"on_update"`
	// MaxRecordsPerAlert is how many records an alert may have over all its versions.
	MaxRecordsPerAlert int `mapstructure:"max_records_per_alert"`
	// OtherRecords says what becomes of records that are no alerts of the services.
	OtherRecords OtherRecords `mapstructure:"other_records"`
	// StorageID is the storage extension that keeps over restarts which records were handed on.
	StorageID *component.ID `mapstructure:"storage" example:"file_storage/siem"`

	// written is what the user wrote and the fields above do not show.
	written *settings.Written

	// prevent unkeyed literal initialization
	_ struct{}
}

// Records is what an alert has a record for.
type Records string

const (
	// RecordsPerIOC gives one for each process, file, address and URL.
	RecordsPerIOC Records = "per_ioc"
	// RecordsPerAlert gives one, about the first of these.
	RecordsPerAlert Records = "per_alert"
	// RecordsPerEvidence gives one for each evidence.
	RecordsPerEvidence Records = "per_evidence"
)

// Names is how the fields are spelled.
type Names string

const (
	// NamesWire are the names that the former API sent.
	NamesWire Names = "wire"
	// NamesDocumented are the names on Microsoft's migration page.
	NamesDocumented Names = "documented"
)

// Indicator is a kind of evidence that can have records too.
type Indicator string

const (
	// IndicatorDNS are DNS names.
	IndicatorDNS Indicator = "dns"
	// IndicatorNetworkConnection are connections.
	IndicatorNetworkConnection Indicator = "network_connection"
	// IndicatorFileHash are hashes without a file.
	IndicatorFileHash Indicator = "file_hash"
)

// OnUpdate is what a later version of an alert gives.
type OnUpdate string

const (
	// OnUpdateNewOnly gives the records that were not handed on yet.
	OnUpdateNewOnly OnUpdate = "new_only"
	// OnUpdateRepeat gives all records again, with the same FullId.
	OnUpdateRepeat OnUpdate = "repeat"
)

// OtherRecords is what becomes of records that are no alerts of the services.
type OtherRecords string

const (
	// OtherRecordsPass hands them on as they are.
	OtherRecordsPass OtherRecords = "pass"
	// OtherRecordsDrop drops them.
	OtherRecordsDrop OtherRecords = "drop"
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
		settings.OneOf("records", c.Records, RecordsPerIOC, RecordsPerAlert, RecordsPerEvidence),
		settings.OneOf("names", c.Names, NamesWire, NamesDocumented),
		settings.OneOf("on_update", c.OnUpdate, OnUpdateNewOnly, OnUpdateRepeat),
		settings.OneOf("other_records", c.OtherRecords, OtherRecordsPass, OtherRecordsDrop),
		settings.Positive("max_records_per_alert", c.MaxRecordsPerAlert),
		c.validateServices(),
		c.validateIndicators(),
	)
}

func (c *Config) validateServices() error {
	if len(c.Services) == 0 || slices.Contains(c.Services, "") {
		return settings.Problemf("services", "names no service: write one by Graph's serviceSource, e.g. [microsoftDefenderForEndpoint]")
	}
	return nil
}

func (c *Config) validateIndicators() error {
	var problems []error
	for _, kind := range c.AdditionalIndicators {
		problems = append(problems, settings.OneOf("additional_indicators", kind, IndicatorDNS, IndicatorNetworkConnection, IndicatorFileHash))
	}
	return errors.Join(problems...)
}
