package event

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

const sample = `{"event_id":"73d9d38b-bbc1-5265-8176-cc99404bd9d2","event_type":"AUTH","domain_id":"d1","tuid":"t1",` +
	`"timestamp":"2026-03-15T08:45:12.1234567Z","payload":{"user":"jane@acme.com","action":"LogonSuccess","port":3389,"local":false},` +
	`"raw_metadata":{"account_domain":"ACME","account_name":"jane","account_sid":"S-1-5-21-1","ratio":0.5,"big":9007199254740993,` +
	`"list":[1,"1",null],"nested":{"a":{}}},"platform_event_id":"987"}`

func parse(t *testing.T, line string) Event {
	t.Helper()
	var p Parser
	e, err := p.Parse([]byte(line))
	require.NoError(t, err, line)
	return e
}

func TestParse(t *testing.T) {
	e := parse(t, sample)
	assert.Equal(t, "73d9d38b-bbc1-5265-8176-cc99404bd9d2", e.ID.String())
	assert.Equal(t, "AUTH", e.Type)
	assert.Equal(t, "d1", e.DomainID)
	assert.Equal(t, time.Date(2026, 3, 15, 8, 45, 12, 123456700, time.UTC), e.Time)
	assert.Zero(t, e.Alert)
	assert.False(t, e.OwnName)
	alert := parse(t, strings.Replace(sample, "AUTH", "ALERT", 1))
	assert.NotZero(t, alert.Alert)
}

// What makes a copy another one, and what does not.
func TestFingerprints(t *testing.T) {
	original := parse(t, sample)
	for name, test := range map[string]struct {
		from, to        string
		content, person bool // the same?
	}{
		"nothing":           {`x`, `x`, true, true},
		"a number's form":   {`"port":3389`, `"port":3389.0`, true, true},
		"the keys' order":   {`"port":3389,"local":false`, `"local":false,"port":3389`, true, true},
		"blanks":            {`,`, ` , `, true, true},
		"escapes":           {`jane@acme.com`, `jane\u0040acme.com`, true, true},
		"late":              {`"ratio":0.5`, `"ratio":0.5,"late":true`, true, true},
		"lane":              {`"ratio":0.5`, `"ratio":0.5,"lane":"backfill"`, true, true},
		"a way":             {`"ratio":0.5`, `"ratio":0.5,"attributed_by":"logged_on_user"`, true, true},
		"tuid":              {`"tuid":"t1"`, `"tuid":"t2"`, true, false},
		"user":              {`jane@acme.com`, `eve@acme.com`, true, false},
		"a value":           {`3389`, `3390`, false, true},
		"a text's case":     {`LogonSuccess`, `Logonsuccess`, false, true},
		"a type":            {`"port":3389`, `"port":"3389"`, false, true},
		"false":             {`"local":false`, `"local":true`, false, true},
		"a key that is out": {`"port":3389,`, ``, false, true},
		"a key more":        {`"port":3389`, `"port":3389,"x":1`, false, true},
		"the last digit":    {`9007199254740993`, `9007199254740992`, false, true},
		"a list's order":    {`[1,"1",null]`, `["1",1,null]`, false, true},
		"an empty map":      {`{"a":{}}`, `{"a":[]}`, false, true},
		"the time":          {`1234567Z`, `1234568Z`, false, true},
		"the domain":        {`"domain_id":"d1"`, `"domain_id":"d2"`, false, true},
		"late elsewhere":    {`"local":false`, `"local":false,"late":true`, false, true},
		"user elsewhere":    {`"ratio":0.5`, `"ratio":0.5,"user":"x"`, false, true},
	} {
		e := parse(t, strings.Replace(sample, test.from, test.to, 1))
		assert.Equal(t, test.content, e.Content == original.Content, name)
		assert.Equal(t, test.person, e.Person == original.Person, name)
	}
}

func TestNoEvents(t *testing.T) {
	var p Parser
	for _, line := range []string{
		``, `{`, `[]`, `null`, `{"event_id":7}`, `{"event_id":"x"}`, `{}`, sample[:len(sample)-1], sample + `{}`, sample[100:], `{"a":1,"a":2}`,
	} {
		_, err := p.Parse([]byte(line))
		assert.Error(t, err, line)
	}
	_, err := Of(pcommon.NewValueStr("x"))
	assert.ErrorIs(t, err, ErrNone)
	// What was wrong before is forgotten.
	_, err = p.Parse([]byte(sample + "\r\n"))
	assert.NoError(t, err)
}

// A record's body and what exporters write of it have the same fingerprints.
func TestBodyAndJSONAgree(t *testing.T) {
	body := pcommon.NewValueMap()
	var raw map[string]any
	require.NoError(t, json.Unmarshal([]byte(sample), &raw))
	require.NoError(t, body.Map().FromRaw(raw)) // all numbers are doubles
	m, _ := body.Map().Get("raw_metadata")
	m.Map().PutInt("big", 9007199254740993)
	m.Map().PutDouble("whole", 5)
	m.Map().PutDouble("huge", 1e300)
	m.Map().PutDouble("uint64", 18446744073709551615)
	m.Map().PutDouble("minus", math.Copysign(0, -1))
	m.Map().PutInt("least", -1<<63)
	m.Map().PutStr("broken", "a\xff\xfeb")
	m.Map().PutEmptyBytes("bytes").FromRaw([]byte{1, 2, 3})
	m.Map().PutEmpty("null")
	want, err := Of(body)
	require.NoError(t, err)
	assert.Equal(t, want, parse(t, body.AsString()))
	written, err := json.Marshal(body.Map().AsRaw())
	require.NoError(t, err)
	assert.Equal(t, want, parse(t, string(written)))
}

func TestOwnName(t *testing.T) {
	for user, own := range map[string]bool{
		`ACME\\jane`: true, `acme\\JANE`: true, `jane`: true, `S-1-5-21-1`: true, `jane@acme.com`: false, `ACME\\eve`: false, ``: false,
	} {
		assert.Equal(t, own, parse(t, strings.Replace(sample, "jane@acme.com", user, 1)).OwnName, user)
	}
}

func BenchmarkParse(b *testing.B) {
	var p Parser
	b.ReportAllocs()
	for b.Loop() {
		_, _ = p.Parse([]byte(sample))
	}
}
