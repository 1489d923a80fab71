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

// Others are known by their own names only, have what identifies their rows, and stand in order.
func TestOthersAreSound(t *testing.T) {
	var names []string
	for _, table := range Others() {
		names = append(names, table.Name)
		assert.Equal(t, Passed, table.Kind, table.Name)
		assert.Equal(t, 9, table.Priority, table.Name)
		assert.Nil(t, table.Event, table.Name)
		assert.Equal(t, table.Name, table.Schema.Name)
		assert.Equal(t, table.Schema.Columns, table.Columns(), table.Name)
		assert.Same(t, table, Named(table.Name))
		assert.NotContains(t, Snapshots(), table.Name)
		_, ordered := table.Column(TimestampColumn)
		assert.True(t, ordered, table.Name)
		assert.Equal(t, len(table.Schema.Columns) > 1, table.Identity != nil, table.Name)
		for _, name := range table.Identity {
			_, known := table.Column(name)
			assert.True(t, known, "%s.%s", table.Name, name)
			assert.True(t, table.Needs(name), "%s.%s", table.Name, name)
		}
		if table.Identity != nil {
			assert.Contains(t, table.Identity, ReportIDColumn, "%s: without it rows are not told apart", table.Name)
			assert.Contains(t, table.Identity, TimestampColumn, table.Name)
		}
	}
	assert.IsIncreasing(t, names)
	assert.IsIncreasing(t, Snapshots())
	for _, table := range All() {
		assert.NotContains(t, names, table.Name)
	}
	made := Named("WeatherEvents")
	assert.Equal(t, "microsoft.defender.weather_events", made.EventName())
	assert.Equal(t, []Column{{Name: TimestampColumn, Type: DateTime}}, made.Columns())
	_, known := ByName("WeatherEvents")
	assert.False(t, known)
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
	assert.Panics(t, func() { NewSchema("X", "A:string A:string") })
	assert.Panics(t, func() { NewSchema("X", "A:text") })
}
