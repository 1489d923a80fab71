package defenderreceiver

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// columnName is what names of Defender's columns look like.
var columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// partsOfAlerts are the service's tables that the table Alerts reads.
var partsOfAlerts = []string{"AlertInfo", "AlertEvidence"}

// unread are the service's tables that the receiver does not read.
var unread = []string{
	"AADSignInEventsBeta", "AADSpnSignInEventsBeta", "BehaviorEntities", "BehaviorInfo", "CampaignInfo", "CloudAppEvents",
	"CloudAuditEvents", "CloudDnsEvents", "CloudProcessEvents", "CloudStorageAggregatedEvents", "DataSecurityBehaviors",
	"DataSecurityEvents", "DeviceFileCertificateInfo", "DeviceImageLoadEvents", "DeviceNetworkInfo",
	"DeviceTvmSecureConfigurationAssessment", "DeviceTvmSoftwareInventory", "DeviceTvmSoftwareVulnerabilities",
	"DisruptionAndResponseEvents", "EmailAttachmentInfo", "EmailEvents", "EmailPostDeliveryEvents", "EmailUrlInfo",
	"EntraIdSignInEvents", "EntraIdSpnSignInEvents", "ExposureGraphEdges", "ExposureGraphNodes", "FileMaliciousContentInfo",
	"GraphApiAuditEvents", "IdentityAccountInfo", "IdentityDirectoryEvents", "IdentityEvents", "IdentityLogonEvents",
	"IdentityQueryEvents", "MessageEvents", "MessagePostDeliveryEvents", "MessageUrlInfo", "OAuthAppInfo", "UrlClickEvents",
}

// unknownTable says which table was probably meant.
func unknownTable(name string) error {
	names := tableNames()
	meant, ok := settings.Resembling(name, slices.Concat(names, partsOfAlerts, unread))
	known := "the tables are " + strings.Join(names, ", ")
	switch {
	case !ok && settings.MaybeSecret(name):
		return settings.Problemf("", "names a table that there is not, and that may be a secret, so it is not repeated: %s", known)
	case !ok:
		return settings.Problemf(name, "is no table: %s", known)
	case slices.Contains(partsOfAlerts, meant):
		return settings.Problemf(name, "is read as a part of the table Alerts: write 'tables::Alerts'")
	case meant == name:
		return settings.Problemf(name, "is a table of Microsoft's that this release does not read yet: remove it; %s", known)
	case slices.Contains(unread, meant):
		return settings.Problemf(name, "is no table: did you mean '%s'? This release does not read it yet; %s", meant, known)
	default:
		return settings.Problemf(name, "is no table: did you mean '%s'?", meant)
	}
}

func tableNames() []string {
	var names []string
	for _, t := range declaredTables() {
		names = append(names, t.Name)
	}
	return names
}

// misspelt refuses columns that differ from one of the schema in case, or in a letter or two. Others may be new:
// Microsoft adds columns, and the service itself will say.
func (c TableConfig) misspelt(declared *tables.Table) error {
	var errs []error
	check := func(key string, names []string) {
		for _, name := range names {
			if !columnName.MatchString(name) || !isNew(declared, name) {
				continue
			}
			if meant, ok := settings.Closest(name, columnsOf(declared)); ok {
				errs = append(errs, settings.Problemf(key, "names the column %s, which %s does not have: did you mean '%s'?", name, declared.Name, meant))
			}
		}
	}
	check("columns", c.Columns)
	check("filter", c.filterColumns())
	return errors.Join(errs...)
}

// undocumented are the columns that the table's schema does not have.
func (c TableConfig) undocumented(declared *tables.Table) []string {
	var names []string
	for _, name := range slices.Concat(c.Columns, c.filterColumns()) {
		if isNew(declared, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// filterColumns are the columns that the filter names.
func (c TableConfig) filterColumns() []string {
	if _, err := kusto.Predicate(c.Filter); err != nil {
		return nil
	}
	return slices.DeleteFunc(kusto.Columns(c.Filter), isTable)
}

// isTable: a predicate may name one, as in `DeviceId in (DeviceInfo)`.
func isTable(name string) bool {
	return slices.ContainsFunc(tables.Schemas(), func(s *tables.Schema) bool { return s.Name == name }) || slices.Contains(unread, name)
}

func isNew(declared *tables.Table, column string) bool {
	_, known := declared.Column(column)
	return !known
}

func columnsOf(declared *tables.Table) []string {
	var names []string
	for _, s := range declared.Sources() {
		for _, c := range s.Columns {
			names = append(names, c.Name)
		}
	}
	return names
}

// warnOfUndocumented tells of columns that may be new, or be no columns.
func (c *Config) warnOfUndocumented(logger *zap.Logger) {
	for _, declared := range tables.All() {
		cfg := c.Tables[declared.Name]
		if columns := cfg.undocumented(declared); cfg.Enabled && len(columns) > 0 {
			logger.Warn("Columns are configured that Microsoft's schema did not have when this release was made. "+
				"If the service does not have them either, the table cannot be read.",
				zap.String("table", declared.Name), zap.Strings("columns", columns))
		}
	}
}
