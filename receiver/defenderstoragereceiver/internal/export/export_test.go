package export

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestNames(t *testing.T) {
	const name = "tenantId=11111111-2222-4333-8444-555555555555/y=2026/m=11/d=21/h=09/m=00/PT1H.json"
	base, hour, ok := Hour(name)
	assert.True(t, ok)
	assert.Equal(t, time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), hour)
	assert.Equal(t, name, Name(base, hour))
	assert.Equal(t, "11111111-2222-4333-8444-555555555555", Tenant(name))
	assert.Equal(t, TenantPrefix(Tenant(name)), base)
	assert.Equal(t, base+"y=2026/m=11/d=21/", Day(name))

	for _, other := range []string{"", "x.json", "y=20/m=1/PT1H.json"} {
		_, _, ok := Hour(other)
		assert.False(t, ok, other)
		assert.Empty(t, Day(other), other)
		assert.Empty(t, Tenant(other), other)
	}
	_, _, ok = Hour(base + "y=2026/m=11/d=21/h=09/m=00/PT1H_1.json")
	assert.True(t, ok, "an hour may have another file")
}

func TestTables(t *testing.T) {
	assert.Equal(t, "DeviceLogonEvents", Table(Container("DeviceLogonEvents")))
	assert.Equal(t, "AlertEvidence", Table("insights-logs-advancedhunting-alertevidence"))
	assert.Equal(t, "tableoftomorrow", Table("insights-logs-advancedhunting-tableoftomorrow"))
}
