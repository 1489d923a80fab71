package tenant

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func TestScenesNameWhatExists(t *testing.T) {
	tenant := newTenant(t, DefaultConfig())
	// Which field of a table's scenes names one more account.
	accountField := map[string]int{"DeviceLogonEvents": 0, "DeviceProcessEvents": 0, "DeviceEvents": 1}
	for name, k := range tableKinds {
		if k.scenes == nil {
			continue
		}
		check := func(on kind, s *scene, who string) {
			if who == byUser || who == byNobody || who == byColleague || who == "" {
				return
			}
			require.NotEmpty(t, tenant.fleet.byKind[on])
			assert.NotNil(t, tenant.fleet.byKind[on][0].accounts[who], "%s on %c: %v", name, on, s)
		}
		for _, by := range []map[kind][]*scene{k.scenes.human, k.scenes.machine} {
			for on, list := range by {
				for _, s := range list {
					check(on, s, s.who)
					if field, ok := accountField[name]; ok {
						check(on, s, s.fields[field])
					}
					if name == "DeviceProcessEvents" {
						assert.NotPanics(t, func() { programNamed(s.fields[1]) })
					}
				}
			}
		}
	}
}

// Columns that the service, too, leaves empty for most tenants.
var emptyColumns = []string{
	"AppGuardContainerId", "CloudResource", "CloudPlatform", "SubscriptionId", "OAuthApplicationId", "ResourceType", "ResourceID",
	"AzureResourceId", "HostDeviceId", "MergedToDeviceId", "MergedDeviceIds", "ExclusionReason", "GcpFullResourceName", "AwsResourceName",
	"RegistryDeviceTag", "PrivilegedEntraPimRoles", "Address", "CreatedProcessSessionId", "ProcessRemoteSessionDeviceName", "ProcessRemoteSessionIP",
	"IPTags", "IPCategory", "SessionData", "OAuthAppId", "SenderIPv6", "ThreatNames", "EmailActionPolicyGuid", "Connectors", "OrgLevelAction",
	"OrgLevelPolicy", "UserLevelAction", "UserLevelPolicy", "TargetAccountDisplayName",
}

func TestColumnsAreFilledSomewhere(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Start = start
	tenant := newTenant(t, cfg)
	for _, s := range generated() {
		filled := make([]bool, len(s.Columns))
		for r := range walk(t, tableOf(t, tenant, s.Name), asOf(start)) {
			for i := range filled {
				if !filled[i] {
					v := r.Value(i)
					filled[i] = !v.IsNull() && (v.Type() != value.String || v.Text() != "")
				}
			}
		}
		for i, c := range s.Columns {
			if !filled[i] {
				assert.Contains(t, emptyColumns, c.Name, s.Name)
			}
			if _, ok := tableKinds[s.Name].own[c.Name]; ok {
				assert.True(t, filled[i], "%s.%s is computed but always empty", s.Name, c.Name)
			}
		}
		for name := range tableKinds[s.Name].own {
			_, ok := s.Column(name)
			assert.True(t, ok, "%s has no column %s", s.Name, name)
		}
	}
}

func TestAdditionalFieldsAreJSON(t *testing.T) {
	tenant := newTenant(t, testConfig())
	for _, table := range eventTables() {
		if _, ok := table.Schema.Column("AdditionalFields"); !ok {
			continue
		}
		for r := range walk(t, tableOf(t, tenant, table.Name), asOf(start)) {
			if fields := get(r, "AdditionalFields").Text(); fields != "" {
				require.True(t, json.Valid([]byte(fields)), fields)
			}
		}
	}
}

// placeholder is one that was not filled, not the braces of JSON or a GUID.
var placeholder = regexp.MustCompile(`\{[a-z]+[0-9]?\}|\$HOST|\$DOMAIN`)

func TestPlaceholdersAreFilled(t *testing.T) {
	tenant := newTenant(t, testConfig())
	for _, table := range eventTables() {
		for r := range walk(t, tableOf(t, tenant, table.Name), asOf(start)) {
			for i, c := range r.table.columns {
				if s := r.Value(i).Text(); strings.ContainsAny(s, "{$") && placeholder.MatchString(s) {
					require.Fail(t, "a placeholder is left", "%s: %s", c.Name, s)
				}
			}
		}
	}
}
