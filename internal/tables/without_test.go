package tables

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithout(t *testing.T) {
	for _, table := range All() {
		for _, column := range table.Columns() {
			left := table.Without(column.Name)
			_, has := left.Column(column.Name)
			assert.Equal(t, table.Needs(column.Name), has, "%s: %s", table.Name, column.Name)
			assert.Equal(t, has, len(left.Columns()) == len(table.Columns()), "%s: %s", table.Name, column.Name)
			for _, a := range left.Accounts {
				assert.True(t, has || a.Domain != column.Name && a.Name != column.Name && a.SID != column.Name &&
					a.UPN != column.Name && a.ObjectID != column.Name, "%s: %s", table.Name, column.Name)
			}
		}
	}
	logons, ok := ByName("DeviceLogonEvents")
	require.True(t, ok)
	before := len(logons.Columns())
	assert.Len(t, logons.Without("RemoteIP", "AccountSid", "Nonsense").Columns(), before-2)
	assert.Len(t, logons.Columns(), before, "the declared table stays")
	for _, identity := range logons.Identity {
		assert.True(t, logons.Needs(identity))
	}
}
