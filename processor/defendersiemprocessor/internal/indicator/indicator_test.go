package indicator

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"
)

// object is a JSON object.
type object = map[string]any

func evidence(kind alert.Kind, properties ...object) object {
	e := object{"@odata.type": "#microsoft.graph.security." + string(kind)}
	for _, p := range properties {
		maps.Copy(e, p)
	}
	return e
}

func read(t *testing.T, evidence ...any) alert.Alert {
	t.Helper()
	body := pcommon.NewMap()
	require.NoError(t, body.FromRaw(object{"id": "a1", "evidence": evidence}))
	return alert.Read(body)
}

func file(device, sha1, directory, name string) object {
	return object{"mdeDeviceId": device, "fileDetails": object{"sha1": sha1, "filePath": directory, "fileName": name}}
}

func process(number int, start string) object {
	return object{"mdeDeviceId": "d", "processId": int64(number), "processCreationDateTime": start}
}

// The canonical texts are a promise: another one would give every alert all its records again.
func TestIdentities(t *testing.T) {
	for name, c := range map[string]struct {
		of   object
		text string
	}{
		"process":               {evidence(alert.Process, process(4780, "2021-08-12T12:43:19.0772577Z")), "process|d|4780|2021-08-12T12:43:19.0772577Z"},
		"process without start": {evidence(alert.Process, object{"mdeDeviceId": "d", "processId": int64(7)}), "process|d|7|"},
		"process without number": {evidence(alert.Process, object{
			"processCommandLine": "A b", "imageFile": object{"sha1": "AB", "filePath": `C:\T`, "fileName": "X.exe"},
		}), `process||||ab|c:\t\x.exe|A b`},
		"file":              {evidence(alert.File, file("D", "AB", `C:\T`, "X.exe")), `file|d|ab|c:\t\x.exe`},
		"file without sha1": {evidence(alert.File, object{"fileDetails": object{"sha256": "AB", "fileName": "x"}}), `file|||\x|ab`},
		"address":           {evidence(alert.IP, object{"ipAddress": "10.0.0.1"}), "ip|10.0.0.1"},
		"url":               {evidence(alert.URL, object{"url": "http://a/B"}), "url|http://a/B"},
		"name":              {evidence(alert.DNS, object{"domainName": "A.example"}), "dns|a.example"},
		"hash":              {evidence(alert.FileHash, object{"algorithm": "sha1", "value": "AB"}), "hash|sha1|ab"},
		"connection": {evidence(alert.NetworkConnection, object{
			"protocol": "tcp", "sourceAddress": object{"ipAddress": "10.0.0.1"}, "sourcePort": int64(1), "destinationAddress": object{"ipAddress": "10.0.0.2"},
			"destinationPort": int64(2),
		}), "connection|tcp|10.0.0.1|1|10.0.0.2|2"},
		"device":  {evidence(alert.Device, object{"mdeDeviceId": "D", "healthStatus": "inactive"}), "deviceEvidence|mdeDeviceId=d"},
		"user":    {evidence(alert.User, object{"userAccount": object{"accountName": "Liz", "domainName": "contoso"}}), "userEvidence|accountName=liz|domainName=contoso"},
		"mailbox": {evidence("mailboxEvidence", object{"upn": "L@x"}), "mailboxEvidence|upn=l@x"},
		"another": {evidence("newEvidence", object{"b": "x", "a": object{"verdict": "suspicious", "c": int64(1)}, "verdict": "malicious"}), `newEvidence|{"a":{"c":1},"b":"x"}`},
		"nothing": {object{}, "|{}"},
	} {
		assert.Equal(t, hash(c.text), identify(read(t, c.of).Evidence[0]), name)
	}
	assert.Equal(t, "KYvINuhODD/Vm6XC6BKwkVwMKWmEnvgRiuNyt1O5dOg=",
		hash("process|73e7e2de709dff64ef64b1d0c30e67fab63279db|4780|2021-08-12T12:43:19.0772577Z").String())
	assert.Equal(t, "FAvtv5w/bVaphG0rpwiHmGg/TaDCSCMTNuagVnnk/f4=", None.ID.String())

	parsed, ok := ParseID(None.ID.String())
	assert.True(t, ok)
	assert.Equal(t, None.ID, parsed)
	for _, text := range []string{"", "AAAA", "x"} {
		_, ok := ParseID(text)
		assert.False(t, ok, text)
	}
}

// What changes with the state of an alert changes no identity.
func TestIdentitiesOutliveStates(t *testing.T) {
	for _, kind := range []alert.Kind{alert.Process, alert.File, alert.IP, alert.URL, alert.Device, alert.User, "newEvidence"} {
		properties := object{"mdeDeviceId": "d", "processId": int64(1), "ipAddress": "10.0.0.1", "url": "u", "userAccount": object{"accountName": "liz"}}
		before := evidence(kind, properties, object{"remediationStatus": "none", "verdict": "unknown", "tags": []any{}, "detectionStatus": nil})
		after := evidence(kind, properties, object{
			"remediationStatus": "blocked", "remediationStatusDetails": "x", "verdict": "malicious", "roles": []any{"source"}, "tags": []any{"t"},
			"detailedRoles": []any{"PrimaryDevice"}, "createdDateTime": "2026-01-01T00:00:00Z", "detectionStatus": "blocked",
		})
		found := Each(read(t, before, after))
		assert.Len(t, found, 1, kind)
	}
}

func TestIndicators(t *testing.T) {
	image := object{"imageFile": object{"sha1": "AB", "filePath": `C:\T`, "fileName": "X.exe"}}
	for name, c := range map[string]struct {
		evidence []any
		want     []alert.Kind
	}{
		"by kind": {
			[]any{
				evidence(alert.URL, object{"url": "u"}), evidence(alert.IP, object{"ipAddress": "a"}), evidence(alert.File, file("d", "1", "/", "x")),
				evidence(alert.Process, process(1, "")),
			},
			[]alert.Kind{alert.Process, alert.File, alert.IP, alert.URL},
		},
		"the image of a process": {
			[]any{evidence(alert.File, file("d", "ab", `c:\t`, "x.EXE")), evidence(alert.Process, process(1, ""), image)},
			[]alert.Kind{alert.Process},
		},
		"the same file on another device": {
			[]any{evidence(alert.File, file("d2", "ab", `c:\t`, "x.EXE")), evidence(alert.Process, process(1, ""), image)},
			[]alert.Kind{alert.Process, alert.File},
		},
		"another file of the same name": {
			[]any{evidence(alert.File, file("d", "cd", `c:\t`, "x.EXE")), evidence(alert.Process, process(1, ""), image)},
			[]alert.Kind{alert.Process, alert.File},
		},
		"twice": {
			[]any{evidence(alert.IP, object{"ipAddress": "a"}), evidence(alert.IP, object{"ipAddress": "a"})}, []alert.Kind{alert.IP},
		},
		"two processes with one number": {
			[]any{evidence(alert.Process, process(1, "t1")), evidence(alert.Process, process(1, "t2"))}, []alert.Kind{alert.Process, alert.Process},
		},
		"empty": {
			[]any{evidence(alert.Process), evidence(alert.File), evidence(alert.IP, object{"ipAddress": nil}), evidence(alert.URL), "x", nil}, nil,
		},
		"no indicators": {
			[]any{evidence(alert.Device, object{"mdeDeviceId": "d"}), evidence(alert.User), evidence("registryKeyEvidence", object{"registryKey": "k"})}, nil,
		},
		"to be added": {
			[]any{
				evidence(alert.DNS, object{"domainName": "a"}), evidence(alert.FileHash, object{"value": "a"}),
				evidence(alert.NetworkConnection, object{"destinationAddress": object{"ipAddress": "a"}}),
			}, nil,
		},
	} {
		assert.Equal(t, c.want, kindsOf(Usual.Of(read(t, c.evidence...))), name)
	}

	all := append(slices.Clone(Usual), alert.DNS)
	assert.Equal(t, []alert.Kind{alert.DNS}, kindsOf(all.Of(read(t, evidence(alert.DNS, object{"domainName": "a"})))))
	assert.Len(t, Each(read(t, evidence(alert.File), evidence(alert.Device), evidence(alert.Device))), 2, "each once")
}

func kindsOf(found []Indicator) []alert.Kind {
	var kinds []alert.Kind
	for _, i := range found {
		kinds = append(kinds, i.Evidence.Kind)
	}
	return kinds
}
