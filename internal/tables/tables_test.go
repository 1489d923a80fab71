package tables

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSnakeCase(t *testing.T) {
	for column, want := range map[string]string{
		"RemoteIP": "remote_ip", "RemoteIPType": "remote_ip_type", "SHA256": "sha256", "LocalPort": "local_port",
		"IsAzureInfoProtectionApplied": "is_azure_info_protection_applied", "AccountSid": "account_sid",
		"DeviceLogonEvents": "device_logon_events", "Alerts": "alerts", "LogonId": "logon_id", "": "",
	} {
		assert.Equal(t, want, SnakeCase(column))
	}
}

// Every column that an entry names must be the service's, and whatever the entry needs must be read.
func TestCatalogIsSound(t *testing.T) {
	for _, table := range append(All(), Users()) {
		t.Run(table.Name, func(t *testing.T) {
			read := map[string]bool{}
			for _, c := range table.Columns() {
				assert.False(t, read[c.Name], "%s is read twice", c.Name)
				read[c.Name] = true
			}
			need := func(columns ...string) {
				t.Helper()
				for _, name := range columns {
					if name == "" {
						continue
					}
					_, known := table.Column(name)
					assert.True(t, known, "%s is no column", name)
					assert.True(t, read[name], "%s is not read", name)
				}
			}
			need(table.Key, table.Whole)
			if table.Source == Hunting {
				need(TimestampColumn)
			}
			need(table.Identity...)
			need(table.Extra...)
			for _, a := range table.Accounts {
				need(a.columns()...)
			}
			if table.Kind == Directory {
				assert.Nil(t, table.Event)
				assert.NotEmpty(t, table.Key)
				return
			}
			require.NotNil(t, table.Event)
			assert.Contains(t, []string{"AUTH", "ENDPOINT", "NETWORK", "DATA_ACCESS", "ALERT"}, table.Event.Type)
			need(table.Event.PlatformID)
			need(table.Event.RawMetadata...)
			for _, f := range table.Event.Payload {
				need(f.Column)
			}
			assert.Equal(t, table.Kind == Alerts, table.Info != nil)
		})
	}
}

func TestByName(t *testing.T) {
	table, ok := ByName("DeviceLogonEvents")
	require.True(t, ok)
	assert.Equal(t, "microsoft.defender.device_logon_events", table.EventName())
	_, ok = ByName("devicelogonevents")
	assert.False(t, ok, "table names have a case")
	assert.Len(t, Schemas(), 22)
	_, ok = ByName("Users")
	assert.False(t, ok, "a table of Graph is no hunting table")
	assert.Equal(t, "microsoft.defender.users", Users().EventName())
	assert.Len(t, Users().Columns(), 10)
	assert.Panics(t, func() { newSchema("X", "A:string A:string") })
	assert.Panics(t, func() { newSchema("X", "A:text") })
}
