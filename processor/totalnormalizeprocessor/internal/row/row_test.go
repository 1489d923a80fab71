package row

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

func rowOf(t *testing.T, table, columns string) Row {
	t.Helper()
	declared, ok := tables.ByName(table)
	require.True(t, ok)
	v := pcommon.NewValueEmpty()
	require.True(t, ParseJSON(columns, v), columns)
	return New(declared, v.Map(), time.Time{})
}

// withFields is a row whose AdditionalFields are text, and one where they are an object.
func withFields(t *testing.T, table, fields string) []Row {
	t.Helper()
	nested := rowOf(t, table, `{"AdditionalFields":`+fields+`}`)
	text := rowOf(t, table, `{}`)
	text.Columns.PutStr("AdditionalFields", fields)
	return []Row{text, nested}
}

func TestEntities(t *testing.T) {
	for name, c := range map[string]struct {
		fields, account, device string
	}{
		"in place":                {`{"Account":{"Name":"jane"},"Host":{"MachineId":"d1"}}`, "jane", "d1"},
		"by reference":            {`{"Account":{"$ref":"4"},"Parent":[{"Account":{"$id":"4","Name":"jane"}}],"Host":{"$ref":"2"},"ImageFile":{"Host":{"$id":"2","MachineId":"d1"}}}`, "jane", "d1"},
		"a number for an id":      {`{"Account":{"$ref":4},"Other":{"$id":4,"Name":"jane"}}`, "jane", ""},
		"in the file":             {`{"ImageFile":{"Host":{"MachineId":"d1"}}}`, "", "d1"},
		"a machine":               {`{"MdatpDeviceId":"d1"}`, "", "d1"},
		"no such object":          {`{"Account":{"$ref":"9"}}`, "", ""},
		"no object":               {`{"Account":"jane","Host":[1]}`, "", ""},
		"a reference to a parent": {`{"$id":"1","Account":{"$ref":"1"}}`, "", ""},
	} {
		for _, r := range withFields(t, "Alerts", c.fields) {
			assert.Equal(t, c.account, r.EntityAccount().Name, name)
			assert.Equal(t, c.device, r.EntityDevice(), name)
		}
	}
	broken := rowOf(t, "Alerts", `{"AdditionalFields":"{\"Account\":"}`)
	assert.True(t, broken.EntityAccount().IsEmpty())
	assert.Empty(t, broken.EntityDevice())
}

func TestNamedLoggedOn(t *testing.T) {
	jane := []accounts.Account{{Domain: "ACME", Name: "jane"}}
	for fields, want := range map[string][]accounts.Account{
		`{"LoggedOnUsers":["ACME\\jane"]}`:                                         jane,
		`{"loggedOnUsers":["ACME\\jane","-",""]}`:                                  jane,
		`{"LoggedOnUsers":[{"UserName":"jane","DomainName":"ACME"},{}]}`:           jane,
		`{"LoggedOnUsers":[{"AccountName":"jane","AccountDomain":"ACME"},7,null]}`: jane,
		`{"LoggedOnUsers":"[\"ACME\\\\jane\"]"}`:                                   jane,
		`{"LoggedOnUsers":"ACME\\jane"}`:                                           jane,
		`{"LoggedOnUsers":{"UserName":"jane"}}`:                                    nil,
		`{"Users":["jane"]}`:                                                       nil,
	} {
		for _, r := range withFields(t, "DeviceEvents", fields) {
			assert.ElementsMatch(t, want, r.NamedLoggedOn(), fields)
		}
	}
}

func TestPosixUsers(t *testing.T) {
	fields := `{"ProcessPosixEffectiveUser":{"Name":"ann","DomainName":"lx-1","PosixUserId":1001},
		"ProcessPosixRealUser":{"PosixUserId":70001},
		"InitiatingProcessPosixEffectiveUser":{"Name":"root","Sid":"S-1-5-18","PosixUserId":"0"},
		"InitiatingProcessPosixRealUser":{"Name":"alex","PosixUserId":"x","AadUserUpn":"alex@acme.com","PrimaryPosixGroup":{"Name":"staff"}}}`
	for _, r := range withFields(t, "DeviceProcessEvents", fields) {
		assert.Equal(t, []PosixUser{
			{Account: accounts.Account{Domain: "lx-1", Name: "ann"}, UID: "1001"},
			{UID: "70001"},
			{Account: accounts.Account{Name: "root", SID: "S-1-5-18"}, UID: "0", Initiating: true, Apple: true},
			{Account: accounts.Account{Name: "alex", UPN: "alex@acme.com"}, Initiating: true, Apple: true},
		}, r.PosixUsers())
	}
	logon := rowOf(t, "DeviceLogonEvents", `{"AdditionalFields":{"PosixUserId":1001,"InitiatingAccountName":"root","InitiatingAccountPosixUserId":0}}`)
	assert.Equal(t, []PosixUser{{UID: "1001"}, {Account: accounts.Account{Name: "root"}, UID: "0", Initiating: true}}, logon.PosixUsers())
}

func TestDevice(t *testing.T) {
	d := Device{ID: "d1", Name: "averylongdevicename.acme.example"}
	for domain, want := range map[string]bool{
		"averylongdevicename.acme.example": true, "AVERYLONGDEVICENAME": true, "averylongdevice": true, ".": true,
		"acme": false, "acme.example": false, "": false, "averylong": false,
	} {
		assert.Equal(t, want, d.Owns(domain), domain)
	}
	assert.Equal(t, "averylongdevicename", d.Domain())
	assert.Equal(t, "ws-1", Device{Known: "ws-1.acme.example"}.Domain())
	assert.True(t, Device{ID: "d1"}.IsUnnamed())
}
