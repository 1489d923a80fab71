package accounts

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want Account }{
		{Account{Name: `ACME\jane`}, Account{Domain: "ACME", Name: "jane"}},
		{Account{Domain: "x", Name: `ACME\jane`}, Account{Domain: "ACME", Name: "jane"}},
		{Account{Domain: "x", Name: `.\jane`}, Account{Domain: "x", Name: "jane"}},
		{Account{Name: "jane@acme.com"}, Account{Name: "jane", UPN: "jane@acme.com"}},
		{Account{Domain: "acme.com", Name: "jane@acme.com", UPN: "j@acme.com"}, Account{Name: "jane", UPN: "j@acme.com"}},
		{Account{Domain: "ACME", Name: "jane@acme.com"}, Account{Domain: "ACME", Name: "jane", UPN: "jane@acme.com"}},
		{Account{Name: " jane ", SID: "S-1-0-0"}, Account{Name: "jane"}},
		{Account{Name: "@acme.com"}, Account{Name: "@acme.com"}},
	} {
		assert.Equal(t, c.want, c.in.Clean())
	}
	assert.True(t, Account{Domain: "ACME"}.IsEmpty())
	assert.False(t, Account{ObjectID: "x"}.IsEmpty())
}

func TestObjectIDFromSID(t *testing.T) {
	for sid, want := range map[string]string{
		"S-1-12-1-1943430372-1249052806-2496021943-3034400218": "73d664e4-0886-4a73-b745-c694da45ddb4",
		"s-1-12-1-1-2-3-4":          "00000001-0002-0000-0300-000004000000",
		"S-1-12-1-1-2-3":            "",
		"S-1-12-1-1-2-3-4-5":        "",
		"S-1-12-1-1-2-3-4294967296": "",
		"S-1-12-1-1-2-3-x":          "",
		"S-1-12-1-":                 "",
		"S-1-5-21-1-2-3-1001":       "",
		"":                          "",
	} {
		got, ok := ObjectIDFromSID(sid)
		assert.Equal(t, want, got, sid)
		assert.Equal(t, want != "", ok, sid)
	}
}

func TestIsPersonalSID(t *testing.T) {
	for sid, want := range map[string]bool{
		"S-1-5-21-1-2-3-1000": true, "s-1-5-21-1-2-3-4294967295": true, "S-1-12-1-1-2-3-4": true,
		"S-1-5-21-1-2-3-999": false, "S-1-5-21-1-2-3-500": false, "S-1-5-21-1-2-3-x": false, "S-1-5-21-": false,
		"S-1-5-18": false, "S-1-5-80-1-2": false, "": false, "S-1-5-21-1-2-3-": false,
	} {
		assert.Equal(t, want, IsPersonalSID(sid), sid)
	}
}

func TestPersons(t *testing.T) {
	jane := Account{Domain: "ACME", Name: "jane.doe", SID: domainSID + "1001"}
	for name, c := range map[string]struct {
		list []Account
		want int
	}{
		"nobody":                               {nil, 0},
		"empty accounts are nobody":            {[]Account{{}, {Domain: "ACME"}}, 0},
		"the same row twice":                   {[]Account{jane, jane}, 1},
		"one SID, two names":                   {[]Account{jane, {Name: "Jane Doe", SID: jane.SID}}, 1},
		"name and UPN":                         {[]Account{jane, {UPN: "Jane.Doe@acme.com"}}, 1},
		"on-premises and Entra SID":            {[]Account{jane, {Name: "jane.doe", SID: "S-1-12-1-1-2-3-4"}}, 1},
		"object id and Entra SID":              {[]Account{{Name: "a", ObjectID: "00000001-0002-0000-0300-000004000000"}, {Name: "b", SID: "S-1-12-1-1-2-3-4"}}, 1},
		"NetBIOS and DNS domain":               {[]Account{{Domain: "ACME", Name: "jane"}, {Domain: "acme.local", Name: "JANE"}}, 1},
		"a third account joins two":            {[]Account{{SID: "S-1-5-21-1-2-3-1001"}, {UPN: "j@acme.com"}, {SID: "S-1-5-21-1-2-3-1001", UPN: "J@acme.com"}}, 1},
		"another UPN of a joined account":      {[]Account{{SID: "S-1-5-21-1-2-3-1001", UPN: "a@x.com"}, {SID: "S-1-5-21-1-2-3-1001", UPN: "b@x.com"}, {UPN: "b@x.com"}}, 1},
		"two people":                           {[]Account{jane, {Domain: "ACME", Name: "bob"}}, 2},
		"one name in two domains":              {[]Account{jane, {Domain: "EMCA", Name: "jane.doe"}}, 2},
		"one name with two SIDs":               {[]Account{jane, {Domain: "ACME", Name: "jane.doe", SID: domainSID + "1002"}}, 2},
		"one name with two UPNs":               {[]Account{{Name: "jane", UPN: "jane@a.com"}, {Name: "jane", UPN: "jane@b.com"}}, 2},
		"a bare name between two domains":      {[]Account{{Name: "jane"}, {Domain: "ACME", Name: "jane"}, {Domain: "EMCA", Name: "jane"}}, 3},
		"a bare name of one":                   {[]Account{{Name: "bob"}, {Name: "jane"}, {Domain: "ACME", Name: "jane"}}, 2},
		"two DNS domains of one label":         {[]Account{{Domain: "acme.local", Name: "jane"}, {Domain: "acme.test", Name: "jane"}}, 2},
		"a short domain between two":           {[]Account{{Domain: "acme", Name: "jane"}, {Domain: "acme.local", Name: "jane"}, {Domain: "acme.test", Name: "jane"}}, 3},
		"accounts without a name are not same": {[]Account{{SID: "S-1-5-21-1-2-3-1001"}, {SID: "S-1-5-21-1-2-3-1002"}}, 2},
	} {
		assert.Len(t, Persons(c.list), c.want, name)
	}
	merged := Persons([]Account{jane, {UPN: "jane.doe@acme.com", ObjectID: "o"}})
	assert.Equal(t, []Account{{Domain: "ACME", Name: "jane.doe", SID: jane.SID, UPN: "jane.doe@acme.com", ObjectID: "o"}}, merged)
}

// Half a company in one alert is told apart without comparing everything with everything again and again.
func TestManyPersons(t *testing.T) {
	var list []Account
	for i := range 2000 {
		n := strconv.Itoa(i)
		list = append(list, Account{Domain: "ACME", Name: "p" + n, SID: domainSID + "1" + n, UPN: "p" + n + "@acme.com"})
	}
	assert.Len(t, Persons(list), len(list))
}

// Whatever the case and the letters, a value is a placeholder if it is one in lower case.
func TestIsPlaceholder(t *testing.T) {
	for known := range placeholders {
		for _, value := range []string{known, strings.ToUpper(known), known[:1] + strings.ToUpper(known[1:])} {
			assert.True(t, isPlaceholder(value), value)
		}
		assert.False(t, isPlaceholder(known+"x"), known)
		assert.False(t, isPlaceholder("x"+known), known)
	}
	for _, value := range []string{"", "jane", "S-1-5-21-1-2-3-1001", "nobody", "unKnown", "nİl", "ſ-1-0-0", "ÄÖ", "-jane"} {
		assert.Equal(t, placeholders[strings.ToLower(value)], isPlaceholder(value), value)
	}
	assert.Zero(t, testing.AllocsPerRun(10, func() { isPlaceholder("S-1-5-21-1004336348-1177238915-682003330-512") }))
}
