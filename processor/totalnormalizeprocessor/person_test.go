package totalnormalizeprocessor

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// someone is a person of a random tenant, at a Windows device and a registered Mac of her own.
type someone struct {
	n                                   int
	name, upn, display, sid, entraSID   string
	objectID, windows, mac, macSID, lan string
}

func newSomeone(random *rand.Rand, n int) *someone {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(random.Uint32())
	}
	words := []any{
		binary.BigEndian.Uint32(id[0:]),
		uint32(binary.BigEndian.Uint16(id[6:]))<<16 | uint32(binary.BigEndian.Uint16(id[4:])),
		binary.LittleEndian.Uint32(id[8:]), binary.LittleEndian.Uint32(id[12:]),
	}
	first := []string{"Ann", "Bo", "Cleo", "Dan", "Eve", "Lp", "Mail"}[random.IntN(7)]
	number := strconv.Itoa(n)
	return &someone{
		n: n, name: strings.ToLower(first) + number, upn: strings.ToLower(first) + "." + number + "@acme.example", display: first + " Of" + number,
		sid: "S-1-5-21-10-20-30-" + strconv.Itoa(2000+n), entraSID: fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", words...), objectID: id.String(),
		windows: "ws-" + number, mac: "mac-" + number, macSID: "S-1-5-21-" + number + "-7-7-501" + number, lan: []string{"corp", "eu"}[random.IntN(2)],
	}
}

func (s *someone) directories() []plog.LogRecord {
	return []plog.LogRecord{
		columns{
			"AccountObjectId": s.objectID, "AccountUpn": s.upn, "AccountName": s.name, "AccountDomain": s.lan + ".acme.example",
			"OnPremSid": s.sid, "CloudSid": s.entraSID, "AccountDisplayName": s.display, "Type": "User",
		}.row("IdentityInfo"),
		columns{"DeviceId": s.windows, "DeviceName": s.windows + "." + s.lan + ".acme.example", "LoggedOnUsers": `[{"UserName":"` + s.name + `"}]`, "OSPlatform": "Windows11"}.row("DeviceInfo"),
		columns{"DeviceId": s.mac, "DeviceName": s.mac, "LoggedOnUsers": `[{"UserName":"me"}]`, "OSPlatform": "macOS"}.row("DeviceInfo"),
	}
}

func (s *someone) atWindows(c columns) columns {
	return columns{"DeviceId": s.windows, "DeviceName": s.windows + "." + s.lan + ".acme.example"}.and(system).and(c)
}

func (s *someone) atMac(c columns) columns {
	return columns{"DeviceId": s.mac, "DeviceName": s.mac}.and(initiating(s.mac, "root", "S-1-5-18")).and(c)
}

// forms name the person in every way that needs no other row.
func (s *someone) forms() []plog.LogRecord {
	realUser := map[string]any{"Name": "me", "DomainName": s.mac, "PosixUserId": 501, "AadUserUpn": s.upn}
	return []plog.LogRecord{
		s.atWindows(columns{"AccountUpn": strings.ToUpper(s.upn)}).row("DeviceProcessEvents"),
		s.atMac(additional(columns{"InitiatingProcessPosixRealUser": realUser})).row("DeviceProcessEvents"),
		s.atWindows(account("", "", s.sid)).row("DeviceLogonEvents"),
		s.atWindows(columns{"AccountObjectId": s.objectID}).row("DeviceProcessEvents"),
		s.atWindows(account(strings.ToUpper(s.lan), s.name, "")).row("DeviceLogonEvents"),
		s.atWindows(account(s.lan+".acme.example", s.name, "")).row("DeviceEvents"),
		s.atWindows(account("AzureAD", strings.ReplaceAll(s.display, " ", ""), "")).and(columns{"ActionType": "LogonFailed"}).row("DeviceLogonEvents"),
		s.atWindows(account("azuread", "x", s.entraSID)).row("DeviceLogonEvents"),
	}
}

// shown are forms that mean her once teaches has been seen.
func (s *someone) shown() (teaches, forms []plog.LogRecord) {
	local := columns{"InitiatingProcessAccountDomain": s.mac, "InitiatingProcessAccountName": "me", "InitiatingProcessAccountSid": s.macSID}
	teaches = []plog.LogRecord{
		s.atMac(local).and(columns{"InitiatingProcessAccountUpn": s.upn}).row("DeviceNetworkEvents"),
		s.atWindows(account(s.lan, s.name, s.sid)).row("DeviceLogonEvents"),
	}
	forms = []plog.LogRecord{
		s.atMac(account(s.mac, "me", s.macSID)).row("DeviceLogonEvents"),
		columns{"DeviceId": s.mac, "DeviceName": s.mac}.row("DeviceEvents"),
		columns{"DeviceId": s.windows, "DeviceName": s.windows}.row("DeviceEvents"),
	}
	return teaches, forms
}

// Three hundred people whom rows name in all forms, in any order, are three hundred, and no two of them are one.
func TestEveryoneHasOneTUID(t *testing.T) {
	const people = 300
	seeds := 20
	if raceEnabled {
		seeds = 3 // one takes seconds then; the others are tried without the race detector
	}
	for seed := range uint64(seeds) {
		random := rand.New(rand.NewPCG(seed, 1))
		h := newHarness(t)
		var rows, later []plog.LogRecord
		var everybody []*someone
		for n := range people {
			s := newSomeone(random, n)
			everybody = append(everybody, s)
			h.consume(t, s.directories()...)
			rows = append(rows, mine(n, s.forms())...)
			teaches, forms := s.shown()
			rows = append(rows, mine(n, teaches)...)
			later = append(later, mine(n, forms)...)
		}
		whose := map[string]map[int]bool{}
		for _, part := range [][]plog.LogRecord{rows, later} {
			random.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
			for len(part) > 0 {
				n := min(1+random.IntN(200), len(part))
				h.collect(t, whose, part[:n])
				part = part[n:]
			}
		}
		require.Len(t, whose, people, "seed %d", seed)
		for tuid, persons := range whose {
			require.Len(t, persons, 1, "seed %d: %s is of %v", seed, tuid, persons)
		}
		require.Equal(t, len(rows)+len(later), h.count("mapped"), "seed %d: every row is somebody's", seed)
		require.Len(t, everybody, people)
	}
}

const ownerAttribute = "test.owner"

// mine says on rows whose they are.
func mine(n int, rows []plog.LogRecord) []plog.LogRecord {
	for _, row := range rows {
		row.Attributes().PutInt(ownerAttribute, int64(n))
	}
	return rows
}

// collect notes whose rows each tuid got.
func (h *harness) collect(t *testing.T, whose map[string]map[int]bool, rows []plog.LogRecord) {
	t.Helper()
	for _, resource := range h.consume(t, rows...) {
		tuid, _ := resource.Resource().Attributes().Get("total.tuid")
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			owner, _ := record.Attributes().Get(ownerAttribute)
			if whose[tuid.Str()] == nil {
				whose[tuid.Str()] = map[int]bool{}
			}
			whose[tuid.Str()][int(owner.Int())] = true
		}
	}
}

// People who share a name are never one, whatever their rows have in common.
func TestNamesakesAreNeverOne(t *testing.T) {
	at := func(device string, c columns) columns {
		return columns{"DeviceId": device, "DeviceName": device}.and(system).and(c)
	}
	identity := func(n string, c columns) plog.LogRecord {
		return columns{"AccountObjectId": entraID[:35] + n, "AccountUpn": "p" + n + "@acme.example"}.and(c).row("IdentityInfo")
	}
	logon := func(device, domain, name, sid string) plog.LogRecord {
		return at(device, account(domain, name, sid)).and(columns{"ActionType": "LogonFailed"}).row("DeviceLogonEvents")
	}
	for name, c := range map[string]struct {
		before []plog.LogRecord
		rows   []plog.LogRecord // each of another person
	}{
		"one display name": {
			[]plog.LogRecord{identity("1", columns{"AccountDisplayName": "Jane Doe"}), identity("2", columns{"AccountDisplayName": "jane doe"})},
			[]plog.LogRecord{logon("d1", "AzureAD", "JaneDoe", ""), logon("d2", "AzureAD", "JaneDoe", ""), at("d3", columns{"AccountUpn": "p1@acme.example"}).row("DeviceProcessEvents")},
		},
		"one display name in two directories": {
			[]plog.LogRecord{identity("1", columns{"AccountDisplayName": "Jane Doe"}), columns{"id": entraID[:35] + "2", "userPrincipalName": "p2@acme.example", "displayName": "Jane Doe"}.row("Users")},
			[]plog.LogRecord{logon("d1", "AzureAD", "JaneDoe", ""), at("d3", columns{"AccountUpn": "p1@acme.example"}).row("DeviceProcessEvents")},
		},
		"a display name that rows show of another": {
			[]plog.LogRecord{
				identity("1", columns{"AccountDisplayName": "Jane Doe"}),
				at("d9", full("AzureAD", "JaneDoe", "", "guest@other.example", entraID[:35]+"7")).row("DeviceProcessEvents"),
			},
			[]plog.LogRecord{logon("d1", "AzureAD", "JaneDoe", ""), at("d3", columns{"AccountUpn": "p1@acme.example"}).row("DeviceProcessEvents")},
		},
		"two at one device under one Entra name": {
			[]plog.LogRecord{
				at("d1", full("AzureAD", "JaneDoe", "", "p1@acme.example", entraID[:35]+"1")).row("DeviceProcessEvents"),
				at("d1", full("AzureAD", "JaneDoe", "", "p2@acme.example", entraID[:35]+"2")).row("DeviceProcessEvents"),
			},
			[]plog.LogRecord{
				logon("d1", "AzureAD", "JaneDoe", ""), at("d1", columns{"AccountUpn": "p1@acme.example"}).row("DeviceProcessEvents"),
				at("d1", columns{"AccountUpn": "p2@acme.example"}).row("DeviceProcessEvents"),
			},
		},
		"two at one device that rows show by different ids": {
			[]plog.LogRecord{
				at("d1", account("AzureAD", "JaneDoe", entra)).row("DeviceLogonEvents"),
				at("d1", full("AzureAD", "JaneDoe", "", "p2@acme.example", "")).row("DeviceProcessEvents"),
			},
			[]plog.LogRecord{
				logon("d1", "AzureAD", "JaneDoe", ""), at("d1", columns{"AccountUpn": "p2@acme.example"}).row("DeviceProcessEvents"),
				at("d1", columns{"AccountObjectId": entraID}).row("DeviceProcessEvents"),
			},
		},
		"local accounts of two devices":  {nil, []plog.LogRecord{logon("d1", "d1", "me", ""), logon("d2", "d2", "me", "")}},
		"names without domain":           {nil, []plog.LogRecord{logon("d1", "", "me", ""), logon("d2", "", "me", "")}},
		"a local account and a domain's": {nil, []plog.LogRecord{logon("d1", "d1", "me", ""), logon("d1", "acme", "me", "")}},
		"two DNS domains of one label":   {nil, []plog.LogRecord{logon("d1", "acme.example", "me", ""), logon("d1", "acme.test", "me", "")}},
		"devices of one name": {
			[]plog.LogRecord{columns{"DeviceId": "x1", "DeviceName": "MacBook-Pro"}.row("DeviceInfo"), columns{"DeviceId": "x2", "DeviceName": "MacBook-Pro"}.row("DeviceInfo")},
			[]plog.LogRecord{
				columns{"DeviceId": "x1", "DeviceName": "MacBook-Pro"}.and(account("MacBook-Pro", "me", "")).row("DeviceLogonEvents"),
				columns{"DeviceId": "x2", "DeviceName": "MacBook-Pro"}.and(account("MacBook-Pro", "me", "")).row("DeviceLogonEvents"),
			},
		},
		"a local account of which rows disagree": {
			[]plog.LogRecord{
				at("d1", full("d1", "me", janeSID, "p1@acme.example", "")).row("DeviceProcessEvents"),
				at("d1", full("d1", "me", janeSID, "p2@acme.example", "")).row("DeviceProcessEvents"),
			},
			[]plog.LogRecord{logon("d1", "d1", "me", janeSID), at("d1", columns{"AccountUpn": "p1@acme.example"}).row("DeviceProcessEvents"), at("d1", columns{"AccountUpn": "p2@acme.example"}).row("DeviceProcessEvents")},
		},
		"a name that went to another SID": {
			[]plog.LogRecord{identity("1", columns{"AccountDomain": "acme.example", "AccountName": "me", "OnPremSid": janeSID})},
			[]plog.LogRecord{logon("d1", "acme", "me", bobSID), logon("d1", "acme", "me", janeSID)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, together := range []bool{true, false} {
				h := newHarness(t)
				h.consume(t, c.before...)
				whose := map[string]map[int]bool{}
				var call []plog.LogRecord
				for n, row := range c.rows {
					call = append(call, mine(n, []plog.LogRecord{row})...)
				}
				if together {
					h.collect(t, whose, call)
				} else {
					for _, row := range call {
						h.collect(t, whose, []plog.LogRecord{row})
					}
				}
				assert.Len(t, whose, len(c.rows), "%v", whose)
			}
		})
	}
}

// What a row calls an account, in which language, case and form of the domain, changes neither who acted nor the tuid.
func TestFormsOfARowDecideNothing(t *testing.T) {
	windows := []map[string]string{
		{"NT AUTHORITY": "AUTORITE NT", "SYSTEM": "Système", "LOCAL SERVICE": "SERVICE LOCAL", "Window Manager": "Gestionnaire de fenêtres"},
		{"NT AUTHORITY": "NT-AUTORITÄT", "SYSTEM": "SYSTEM", "LOCAL SERVICE": "Lokaler Dienst", "Window Manager": "Fenster-Manager"},
		{"NT AUTHORITY": "AUTORIDADE NT", "SYSTEM": "SISTEMA", "LOCAL SERVICE": "SERVIÇO LOCAL", "Window Manager": "Gerenciador de Janelas"},
		{"NT AUTHORITY": "NT INSTANS", "SYSTEM": "SYSTEM", "LOCAL SERVICE": "LOKAL TJÄNST", "Window Manager": "Fönsterhanteraren"},
	}
	base := []columns{
		account("ACME", "jane", janeSID).and(initiating("NT AUTHORITY", "SYSTEM", "S-1-5-18")),
		account("ACME", "jane", "").and(initiating("NT AUTHORITY", "SYSTEM", "")),
		account("ACME", "nobody.known", "").and(initiating("NT AUTHORITY", "LOCAL SERVICE", "")),
		account("NT AUTHORITY", "LOCAL SERVICE", "").and(initiating("NT AUTHORITY", "SYSTEM", "")),
		account("", "SYSTEM", "").and(initiating("", "LOCAL SERVICE", "")),
		account("Window Manager", "DWM-3", "").and(initiating("NT AUTHORITY", "SYSTEM", "S-1-5-18")),
		account("WS-1", "local.jane", "").and(initiating("NT AUTHORITY", "SYSTEM", "S-1-5-18")),
		account("NT AUTHORITY", "SYSTEM", "S-1-5-18").and(initiating("ACME", "bob", bobSID)),
		account("ACME", "WS-1$", "").and(initiating("ACME", "bob", "")),
		account("AzureAD", "JaneDoe", entra).and(initiating("NT AUTHORITY", "SYSTEM", "S-1-5-18")),
		account("-", "-", "S-1-0-0").and(initiating("ACME", "bob", bobSID)),
	}
	outcome := func(c columns) string {
		h := newHarness(t)
		h.consume(t, columns{"AccountObjectId": entraID, "AccountUpn": "jane@acme.example", "AccountDomain": "acme.local", "AccountName": "jane", "OnPremSid": janeSID}.row("IdentityInfo"))
		out := h.consume(t, c.row("DeviceProcessEvents"))
		if len(out) == 0 {
			return fmt.Sprint(slices.Sorted(maps.Keys(h.dropReasons())))
		}
		tuid, _ := out[0].Resource().Attributes().Get("total.tuid")
		return tuid.Str()
	}
	random := rand.New(rand.NewPCG(3, 5))
	for _, row := range base {
		want := outcome(row)
		for range 24 {
			changed := row.and(nil)
			language := windows[random.IntN(len(windows))]
			for column, v := range changed {
				text := v.(string)
				if other, ok := language[text]; ok && random.IntN(4) > 0 {
					text = other
				}
				if strings.HasSuffix(column, "Domain") && text == "ACME" && random.IntN(2) == 0 {
					text = "acme.local"
				}
				if strings.HasSuffix(column, "Domain") && text == "WS-1" && random.IntN(2) == 0 {
					text = "ws-1.acme.local"
				}
				changed[column] = [](func(string) string){strings.ToLower, strings.ToUpper, strings.Clone}[random.IntN(3)](text)
			}
			require.Equal(t, want, outcome(changed), "%v as %v", row, changed)
		}
	}
}
