package totalnormalizeprocessor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// user is a row of Graph as the receiver hands it over: without Timestamp, at the time it was read.
func (c columns) user(at string) plog.LogRecord {
	record := c.row("Users")
	for _, column := range []string{"Timestamp", "DeviceId", "DeviceName", "ReportId"} {
		record.Body().Map().Remove(column)
	}
	read, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	record.SetTimestamp(pcommon.NewTimestampFromTime(read))
	return record
}

var graphJane = columns{
	"id": entraID, "userPrincipalName": "jane@acme.com", "displayName": "Jane Doe", "onPremisesSecurityIdentifier": janeSID,
	"onPremisesSamAccountName": "jane", "onPremisesDomainName": "acme.local", "securityIdentifier": entra,
	"userType": "Member", "accountEnabled": true,
}

func TestUsersOfGraph(t *testing.T) {
	h := newHarness(t)
	assert.Empty(t, h.consume(t, graphJane.user("2026-03-15T08:00:00Z"), columns{"displayName": "nobody"}.user("2026-03-15T08:00:00Z")))
	assert.Equal(t, map[string]int{"directory": 2}, h.dropReasons(), "taken in, not passed on")
	assert.InDelta(t, 1, h.gauge(t, "directory_entries", ofDirectory("Users")), 0)
	for name, row := range map[string]columns{
		"on-premises SID": account("", "", janeSID),
		"cloud SID":       account("AzureAD", "JaneDoe", entra),
		"object id":       {"AccountObjectId": entraID},
		"UPN":             {"AccountUpn": "jane@acme.com"},
		"domain and name": account("ACME", "jane", ""),
	} {
		assert.Equal(t, "jane@acme.com", h.user(t, row.row("DeviceProcessEvents")), name)
	}
}

func TestUserThatGraphRemoved(t *testing.T) {
	h := newHarness(t)
	removed := columns{"id": entraID, "removed": true}
	h.consume(t, removed.user("2026-03-15T07:00:00Z"), graphJane.user("2026-03-15T08:00:00Z"))
	assert.Equal(t, "jane@acme.com", h.user(t, jane.row("DeviceLogonEvents")), "an older word does not count")
	h.consume(t, removed.user("2026-03-15T10:00:00Z"))
	assert.Equal(t, "jane@acme.com", h.user(t, jane.row("DeviceLogonEvents")), "what she did before may still come")
	assert.Equal(t, `acme\jane`, h.user(t, account("acme", "jane", "").row("DeviceLogonEvents")), "the name may be another's by now")
	next := columns{"id": "00000000-0000-0000-0000-00000000000b", "userPrincipalName": "jane@acme.com", "onPremisesSecurityIdentifier": bobSID, "onPremisesSamAccountName": "jane", "onPremisesDomainName": "acme.local"}
	h.consume(t, next.user("2026-03-15T11:00:00Z"))
	assert.Equal(t, "jane@acme.com", h.user(t, account("acme", "jane", bobSID).row("DeviceLogonEvents")))
	h.consume(t, graphJane.user("2026-03-15T12:00:00Z"))
	assert.InDelta(t, 2, h.gauge(t, "directory_entries", ofDirectory("Users")), 0, "restored, not twice")
}

// Each directory tells what the other does not know, and of what both know the newer word counts.
func TestUsersBesideIdentityInfo(t *testing.T) {
	h := newHarness(t)
	h.consume(t,
		columns{"Timestamp": "2026-03-15T08:00:00Z", "AccountObjectId": entraID, "AccountDomain": "acme.local", "AccountName": "jane", "OnPremSid": janeSID}.row("IdentityInfo"),
		columns{"id": entraID, "userPrincipalName": "jane@acme.com", "securityIdentifier": entra}.user("2026-03-15T07:00:00Z"))
	for name, row := range map[string]columns{
		"by what IdentityInfo knows": account("", "", janeSID),
		"by what Users knows":        {"AccountUpn": "jane@acme.com"},
		"by a name":                  account("acme", "jane", ""),
	} {
		assert.Equal(t, "jane@acme.com", h.user(t, row.row("DeviceProcessEvents")), name)
	}
	h.consume(t, columns{"Timestamp": "2026-03-15T09:00:00Z", "AccountObjectId": entraID, "AccountUpn": "jane.new@acme.com", "OnPremSid": janeSID}.row("IdentityInfo"))
	assert.Equal(t, "jane.new@acme.com", h.user(t, jane.row("DeviceLogonEvents")))
	h.consume(t, columns{"id": entraID, "userPrincipalName": "jane.newest@acme.com"}.user("2026-03-15T10:00:00Z"))
	assert.Equal(t, "jane.newest@acme.com", h.user(t, jane.row("DeviceLogonEvents")))
}
