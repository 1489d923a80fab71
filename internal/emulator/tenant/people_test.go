package tenant

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

func TestLogonsFollowTheWorkingDay(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Start = start.Add(-48 * time.Hour)
	tenant := newTenant(t, cfg)
	atScreen := map[bool]int{}
	for r := range walk(t, tableOf(t, tenant, "DeviceLogonEvents"), asOf(cfg.Start)) {
		if r.person == nil {
			continue
		}
		// Who is there is asked once for an upload, at its newest row.
		require.True(t, r.person.working(r.event) || r.person.working(r.event+lateSpread), "nobody acts out of hours")
		if r.device.kind == kindClient && get(r, "LogonType").Text() == "Interactive" && get(r, "ActionType").Text() == "LogonSuccess" {
			atScreen[r.person.shift.into(hourOfWeek(r.event)) <= 1]++
		}
	}
	assert.Positive(t, atScreen[true])
	assert.Zero(t, atScreen[false])
}

func TestPeopleHaveConsistentIdentities(t *testing.T) {
	tenant := newTenant(t, DefaultConfig())
	seen := map[string]bool{}
	cloudOnly := 0
	for _, p := range tenant.People() {
		for _, id := range []string{p.UPN, p.ObjectID, p.SID(), p.CloudSID, p.Domain + `\` + p.Name} {
			if id == p.CloudSID && p.OnPremSID == "" {
				continue
			}
			require.False(t, seen[id], id)
			seen[id] = true
		}
		require.Regexp(t, `^[a-z0-9.-]+@acme\.com$`, p.UPN)
		if p.OnPremSID == "" {
			cloudOnly++
			require.Equal(t, "azuread", p.Domain)
		} else {
			require.True(t, strings.HasPrefix(p.OnPremSID, domainSID(1)+"-"))
		}
		// The object ID's bytes, its first three groups reversed, are the SID's four numbers.
		b, err := hex.DecodeString(strings.ReplaceAll(p.ObjectID, "-", ""))
		require.NoError(t, err)
		slices.Reverse(b[:4])
		slices.Reverse(b[4:6])
		slices.Reverse(b[6:8])
		number := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
		require.Equal(t, fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", number(0), number(1), number(2), number(3)), p.CloudSID)
	}
	assert.InDelta(t, len(tenant.people)/entraOnlyEvery, cloudOnly, 1)
}

func TestDirectoriesAreComplete(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Start, cfg.History = start, 0
	tenant := newTenant(t, cfg)
	full, loggedOn, nobody := map[string]bool{}, 0, 0
	for r := range walk(t, tableOf(t, tenant, "DeviceInfo"), asOf(start)) {
		if get(r, "OSPlatform").Text() != "" {
			full[r.device.id] = true
		}
		users := get(r, "LoggedOnUsers").Text()
		require.True(t, json.Valid([]byte(users)), users)
		if users == "[]" {
			nobody++
		} else {
			loggedOn++
		}
	}
	assert.Len(t, full, len(tenant.fleet.all))
	assert.Positive(t, loggedOn)
	assert.Positive(t, nobody)
	known := map[string]bool{}
	for r := range walk(t, tableOf(t, tenant, "IdentityInfo"), asOf(start)) {
		known[get(r, "AccountUpn").Text()] = true
	}
	assert.Len(t, known, len(tenant.people)+len(tenant.service))
	for _, p := range tenant.people {
		assert.True(t, known[p.UPN])
	}
}

func TestTenantHasTheHardAccounts(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Start, cfg.History = start, 4*time.Hour
	tenant := newTenant(t, cfg)
	seen := map[string]bool{}
	for _, table := range eventTables() {
		for r := range walk(t, tableOf(t, tenant, table.Name), asOf(start)) {
			for _, a := range table.Accounts {
				seen[get(r, a.Domain).Text()+`\`+get(r, a.Name).Text()+" "+get(r, a.SID).Text()] = true
			}
		}
	}
	all := strings.Join(slices.Collect(maps.Keys(seen)), "\n")
	for _, like := range []string{
		`(?m)^nt authority\\system S-1-5-18$`, `(?m)^NT AUTHORITY\\SYSTEM S-1-5-18$`, `(?m)^autorite nt\\système S-1-5-18$`,
		`(?m)^nt authority\\local service S-1-5-19$`, `(?m)^nt authority\\network service S-1-5-20$`, `(?m)^window manager\\dwm-1 S-1-5-90`,
		`(?m)^font driver host\\umfd-0 S-1-5-96`, `(?m)^acme\\ws-\d+\$ S-1-5-21`, `(?m)^acme\\ws-\d+\$ $`, `(?m)^acme\\svc_sql\$ S-1-5-21`,
		`(?m)^iis apppool\\defaultapppool S-1-5-82`, `(?m)^nt service\\`, `(?m)^mac-\d+\\root S-1-5-18$`, `(?m)^mac-\d+\\_mbsetupuser`,
		`(?m)^lnx-app-01\\www-data $`, `(?m)^lnx-\d+\\root $`, `(?m)^azuread\\[a-z]+ S-1-12-1-`, `(?m)^acme\\[a-z.]+ S-1-5-21-`,
		`(?m)^ACME\\[a-z.]+ S-1-5-21-`, `(?m)^kiosk-01\\labuser S-1-5-21-`, `(?m)^\\ $`,
	} {
		assert.Regexp(t, like, all)
	}
}

// The rows whose person is hard to tell are all there.
func TestTenantHasTheHardRows(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Start, cfg.History = start, 12*time.Hour
	tenant := newTenant(t, cfg)
	for table, patterns := range map[string][]string{
		"DeviceEvents": {
			`UserAccountAddedToLocalGroup .*"GroupName"`, `UserAccountRemovedFromLocalGroup .*"MemberSid":"S-1-`, `UserAccountModified `,
			`UsbDriveMounted .*system .*"LoggedOnUsers":\["[a-z.]+@`,
		},
		"DeviceNetworkEvents": {`ConnectionAttempt .*"direction":"In"`, `InboundConnectionAccepted acme\\[a-z.]+ `, `"AadUserUpn":"[a-z.]+@`},
		"DeviceLogonEvents":   {`LogonFailed -\\- `, `LogonFailed acme\.local\\`, `LogonSuccess acme\\svc_backup `, `LogonFailed azuread\\`},
		"DeviceProcessEvents": {`"Name":"acmed","DomainName":"lnx-[a-z0-9-]+","LogonId":\d+,"PosixUserId":412`, `"ProcessPosixEffectiveUser":\{"DomainName":"[a-z0-9-]+","LogonId":\d+,"PosixUserId":65532`},
		"AlertEvidence":       {`Process \\  +\{"\$id":"1","Host":\{.*"Account":\{"\$id":"5","Name"`, `Process \\  +\{.*"Account":\{"\$ref":"5"\}`},
		"DeviceInfo":          {`\[\{"UserName":"[a-z]+"\}\]`},
	} {
		left := make([]*regexp.Regexp, len(patterns))
		for i, like := range patterns {
			left[i] = regexp.MustCompile(like)
		}
		names := []string{"ActionType", "EntityType", "AccountDomain", "AccountName", "InitiatingProcessAccountDomain", "InitiatingProcessAccountName", "DeviceId", "LoggedOnUsers", "AdditionalFields"}
		names = slices.DeleteFunc(names, func(name string) bool {
			has := slices.ContainsFunc(tenant.tables[table].columns, func(c engine.Column) bool { return c.Name == name })
			return !has || name == "DeviceId" && table != "AlertEvidence"
		})
		require.NoError(t, tableOf(t, tenant, table).Scan(t.Context(), asOf(start), func(r engine.Row) bool {
			line := lineOf(r.(*row), names)
			left = slices.DeleteFunc(left, func(like *regexp.Regexp) bool { return like.MatchString(line) })
			return len(left) > 0
		}))
		assert.Empty(t, left, "%s has no such rows", table)
	}
}

// lineOf is what a row says of accounts and devices, as one line. The names are of columns.
func lineOf(r *row, names []string) string {
	var line strings.Builder
	for _, name := range names {
		line.WriteString(get(r, name).Text())
		if strings.HasSuffix(name, "AccountDomain") {
			line.WriteByte('\\')
		} else {
			line.WriteByte(' ')
		}
	}
	return line.String()
}
