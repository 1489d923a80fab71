package record

import (
	"encoding/csv"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/indicator"
)

// object is a JSON object.
type object = map[string]any

const typePrefix = "#microsoft.graph.security."

func evidence(kind alert.Kind, properties ...object) object {
	e := object{"@odata.type": typePrefix + string(kind)}
	for _, p := range properties {
		maps.Copy(e, p)
	}
	return e
}

func device(properties object) object {
	return evidence(alert.Device, object{"mdeDeviceId": "d1"}, properties)
}

func read(t *testing.T, a object) alert.Alert {
	t.Helper()
	body := pcommon.NewMap()
	require.NoError(t, body.FromRaw(a))
	return alert.Read(body)
}

// recordOf is the record of the last evidence that is no device or user, with all fields.
func recordOf(t *testing.T, a object) object {
	t.Helper()
	whole := read(t, a)
	var of alert.Evidence
	for _, e := range whole.Evidence {
		if e.Kind != alert.Device && e.Kind != alert.User {
			of = e
		}
	}
	body := pcommon.NewMap()
	Form{Extended: true}.Fill(body, FactsOf(whole, of, indicator.None.ID, 3))
	return body.AsRaw()
}

func ofAlertAlone(property string, value any) object { return object{property: value} }

func withEvidence(all ...any) object { return object{"id": "a1", "evidence": all} }

const none = "FAvtv5w/bVaphG0rpwiHmGg/TaDCSCMTNuagVnnk/f4=" // the base64 of the SHA-256 of "none"

// mapped are the sources of each field by its wire name: an alert, and the field's value.
var mapped = map[string][]struct {
	name string
	from object
	want any
}{
	"AlertTime": {
		{"created", object{"createdDateTime": "2021-04-27T12:19:27.7211305Z", "firstActivityDateTime": "2020-01-01T00:00:00Z"}, "2021-04-27T12:19:27.7211305Z"},
		{"first activity", object{"createdDateTime": nil, "firstActivityDateTime": "2020-09-30T14:09:20.35743Z"}, "2020-09-30T14:09:20.35743Z"},
	},
	"ComputerDnsName": {
		{"dns name", withEvidence(device(object{"deviceDnsName": "pc.contoso.com", "hostName": "x"})), "pc.contoso.com"},
		{"host and domain", withEvidence(device(object{"hostName": "pc", "dnsDomain": "contoso.com"})), "pc.contoso.com"},
		{"host alone", withEvidence(device(object{"hostName": "pc"})), "pc"},
	},
	"AlertTitle": {{"title", ofAlertAlone("title", "A"), "A"}},
	"Category": {
		{"category", object{"category": "InitialAccess", "categories": []any{"Collection"}}, "InitialAccess"},
		{"first of the list", object{"categories": []any{nil, "Collection", "Impact"}}, "Collection"},
	},
	"Severity": {
		{"high", ofAlertAlone("severity", "high"), "High"},
		{"informational", ofAlertAlone("severity", "informational"), "Informational"},
		{"unknown member", ofAlertAlone("severity", "unknownFutureValue"), "Informational"},
	},
	"AlertId": {
		{"id", object{"id": "da1", "providerAlertId": "1"}, "da1"},
		{"provider's id", object{"providerAlertId": "1"}, "1"},
	},
	"Actor":           {{"actor", ofAlertAlone("actorDisplayName", "BORON"), "BORON"}},
	"LinkToWDATP":     {{"link", ofAlertAlone("alertWebUrl", "https://a"), "https://a"}},
	"IocName":         nil,
	"IocValue":        nil,
	"CreatorIocName":  nil,
	"CreatorIocValue": nil,
	"Sha1": {
		{"file", withEvidence(evidence(alert.File, object{"fileDetails": object{"sha1": "ABC"}})), "abc"},
		{"process", withEvidence(evidence(alert.Process, object{"imageFile": object{"sha1": "ABC"}})), "abc"},
		{"hash", withEvidence(evidence(alert.FileHash, object{"algorithm": "sha1", "value": "ABC"})), "abc"},
		{"another hash", withEvidence(evidence(alert.FileHash, object{"algorithm": "sha256", "value": "ABC"})), ""},
	},
	"FileName": {
		{"file", withEvidence(evidence(alert.File, object{"fileDetails": object{"fileName": "A.exe"}})), "A.exe"},
		{"process", withEvidence(evidence(alert.Process, object{"imageFile": object{"fileName": "A.exe"}})), "A.exe"},
		{"the parent does not count", withEvidence(evidence(alert.Process, object{"parentProcessImageFile": object{"fileName": "A.exe"}})), ""},
	},
	"FilePath": {
		{"file", withEvidence(evidence(alert.File, object{"fileDetails": object{"filePath": `C:\Temp`}})), `C:\Temp`},
		{"process", withEvidence(evidence(alert.Process, object{"imageFile": object{"filePath": "/bin/"}})), "/bin/"},
	},
	"IpAddress": {
		{"address", withEvidence(evidence(alert.IP, object{"ipAddress": "10.0.0.1"})), "10.0.0.1"},
		{"connection", withEvidence(evidence(alert.NetworkConnection, object{
			"destinationAddress": object{"ipAddress": "10.0.0.2"}, "sourceAddress": object{"ipAddress": "10.0.0.3"},
		})), "10.0.0.2"},
	},
	"Url": {
		{"url", withEvidence(evidence(alert.URL, object{"url": "http://a/b"})), "http://a/b"},
		{"name", withEvidence(evidence(alert.DNS, object{"domainName": "a.example"})), "a.example"},
	},
	"IoaDefinitionId": {{"detector", ofAlertAlone("detectorId", "e0da"), "e0da"}},
	"UserName": {
		{"user", withEvidence(evidence(alert.User, object{"userAccount": object{"accountName": "liz"}})), "liz"},
		{"process", withEvidence(evidence(alert.User, object{"userAccount": object{"accountName": "liz"}}),
			evidence(alert.Process, object{"userAccount": object{"accountName": "SYSTEM"}})), "SYSTEM"},
		{"process without a user", withEvidence(evidence(alert.User, object{"userAccount": object{"accountName": "liz"}}),
			evidence(alert.Process, object{"userAccount": object{"accountName": nil}})), "liz"},
		{"upn", withEvidence(evidence(alert.User, object{"userAccount": object{"accountName": nil, "userPrincipalName": "liz@contoso.com"}})), "liz"},
	},
	"AlertPart": {{"part", object{}, int64(3)}},
	"FullId":    {{"id and hash", object{"id": "a1"}, "a1:" + none}},
	"LastProcessedTimeUtc": {
		{"last activity", object{"lastActivityDateTime": "2021-05-02T07:56:58.222Z"}, "2021-05-02T07:56:58.222Z"},
		{"evidence", withEvidence(evidence(alert.IP, object{"createdDateTime": "2021-05-02T07:56:59Z"})), "2021-05-02T07:56:59Z"},
	},
	"ThreatCategory": {{"techniques", ofAlertAlone("mitreTechniques", []any{"T1119", nil, "T1185"}), "T1119, T1185"}},
	"ThreatFamily":   {{"family", ofAlertAlone("threatFamilyName", "Emotet"), "Emotet"}},
	"ThreatName":     {{"name", ofAlertAlone("threatDisplayName", "Trojan:Win32"), "Trojan:Win32"}},
	"RemediationAction": {
		{"evidence", withEvidence(device(object{"remediationStatus": "active"}), evidence(alert.IP, object{"remediationStatus": "blocked"})), "blocked"},
		{"device", withEvidence(device(object{"remediationStatus": "remediated"})), "remediated"},
		{"none", withEvidence(evidence(alert.IP, object{"remediationStatus": "none"})), ""},
		{"unknown member", withEvidence(evidence(alert.IP, object{"remediationStatus": "unknownFutureValue"})), ""},
	},
	"RemediationIsSuccess": {
		{"remediated", withEvidence(evidence(alert.IP, object{"remediationStatus": "remediated"})), true},
		{"prevented", withEvidence(evidence(alert.IP, object{"remediationStatus": "prevented"})), true},
		{"blocked", withEvidence(evidence(alert.IP, object{"remediationStatus": "blocked"})), true},
		{"active", withEvidence(evidence(alert.IP, object{"remediationStatus": "active"})), false},
		{"unremediated", withEvidence(evidence(alert.IP, object{"remediationStatus": "unremediated"})), false},
		{"declined", withEvidence(evidence(alert.IP, object{"remediationStatus": "declined"})), false},
		{"partially", withEvidence(evidence(alert.IP, object{"remediationStatus": "partiallyRemediated"})), false},
		{"none", withEvidence(evidence(alert.IP, object{"remediationStatus": "none"})), nil},
		{"not found", withEvidence(evidence(alert.IP, object{"remediationStatus": "notFound"})), nil},
		{"pending", withEvidence(evidence(alert.IP, object{"remediationStatus": "pendingApproval"})), nil},
		{"running", withEvidence(evidence(alert.IP, object{"remediationStatus": "running"})), nil},
		{"unknown member", withEvidence(evidence(alert.IP, object{"remediationStatus": "unknownFutureValue"})), nil},
	},
	"Source": {
		{"EDR", ofAlertAlone("detectionSource", "microsoftDefenderForEndpoint"), "EDR"},
		{"antivirus", ofAlertAlone("detectionSource", "antivirus"), "Antivirus"},
		{"indicators", ofAlertAlone("detectionSource", "customTi"), "CustomerTI"},
		{"smart screen", ofAlertAlone("detectionSource", "smartScreen"), "SmartScreen"},
		{"custom detection", ofAlertAlone("detectionSource", "customDetection"), "CustomDetection"},
		{"investigation", ofAlertAlone("detectionSource", "automatedInvestigation"), "AutomatedInvestigation"},
		{"another", ofAlertAlone("detectionSource", "scheduledAlerts"), "ScheduledAlerts"},
		{"unknown member", ofAlertAlone("detectionSource", "unknownFutureValue"), ""},
	},
	"Md5": {
		{"file", withEvidence(evidence(alert.File, object{"fileDetails": object{"md5": "ABC"}})), "abc"},
		{"process", withEvidence(evidence(alert.Process, object{"imageFile": object{"md5": "abc"}})), "abc"},
	},
	"Sha256": {
		{"file", withEvidence(evidence(alert.File, object{"fileDetails": object{"sha256": "ABC"}})), "abc"},
		{"process", withEvidence(evidence(alert.Process, object{"imageFile": object{"sha256": "abc"}})), "abc"},
	},
	"WasExecutingWhileDetected": {
		{"detected", withEvidence(evidence(alert.Process, object{"detectionStatus": "detected"})), true},
		{"blocked", withEvidence(evidence(alert.Process, object{"detectionStatus": "blocked"})), true},
		{"prevented", withEvidence(evidence(alert.Process, object{"detectionStatus": "prevented"})), false},
		{"unknown member", withEvidence(evidence(alert.Process, object{"detectionStatus": "unknownFutureValue"})), nil},
		{"no process", withEvidence(evidence(alert.File, object{"detectionStatus": "detected"})), nil},
	},
	"UserDomain": {
		{"user", withEvidence(evidence(alert.User, object{"userAccount": object{"accountName": "liz", "domainName": "contoso"}})), "contoso"},
		{"process", withEvidence(evidence(alert.Process, object{"userAccount": object{"accountName": "SYSTEM", "domainName": "NT AUTHORITY"}})), "NT AUTHORITY"},
	},
	"LogOnUsers": {
		{"users", withEvidence(device(object{"loggedOnUsers": []any{
			object{"accountName": "liz-bean", "domainName": "contoso"}, object{"accountName": nil}, object{"accountName": "jay", "domainName": nil},
		}})), `contoso\liz-bean; jay`},
	},
	"MachineDomain": {
		{"dns name", withEvidence(device(object{"deviceDnsName": "pc.emea.contoso.com"})), "emea.contoso.com"},
		{"no dot", withEvidence(device(object{"deviceDnsName": "alex-2"})), ""},
		{"address", withEvidence(device(object{"deviceDnsName": "10.1.2.3"})), ""},
		{"dns domain", withEvidence(device(object{"deviceDnsName": "pc", "dnsDomain": "contoso.com", "ntDomain": "CONTOSO"})), "contoso.com"},
		{"nt domain", withEvidence(device(object{"ntDomain": "CONTOSO"})), "CONTOSO"},
	},
	"MachineName": {
		{"dns name", withEvidence(device(object{"deviceDnsName": "pc.emea.contoso.com"})), "pc"},
		{"no dot", withEvidence(device(object{"deviceDnsName": "alex-2"})), "alex-2"},
		{"address", withEvidence(device(object{"deviceDnsName": "10.1.2.3"})), "10.1.2.3"},
		{"host name", withEvidence(device(object{"hostName": "pc"})), "pc"},
	},
	"InternalIPv4List": {
		{"interfaces", withEvidence(device(object{"ipInterfaces": []any{"127.0.0.1", "192.168.1.7", "::1", "fe80::1", nil, "x", "10.14.1.1"}})), "192.168.1.7, 10.14.1.1"},
	},
	"InternalIPv6List": {
		{"interfaces", withEvidence(device(object{"ipInterfaces": []any{"127.0.0.1", "192.168.1.7", "::1", "fe80::1", "2001:db8::7"}})), "fe80::1, 2001:db8::7"},
	},
	"FileHash": {
		{"sha1", withEvidence(evidence(alert.File, object{"fileDetails": object{"sha1": "ABC", "sha256": "DEF"}})), "abc"},
		{"sha256", withEvidence(evidence(alert.File, object{"fileDetails": object{"sha1": nil, "sha256": "DEF"}})), "def"},
	},
	"DeviceID": {
		{"device", withEvidence(device(nil), evidence(alert.File, object{"mdeDeviceId": "d1"})), "d1"},
		{"evidence", withEvidence(evidence(alert.File, object{"mdeDeviceId": "d2"})), "d2"},
	},
	"MachineGroup":             {{"group", withEvidence(device(object{"rbacGroupName": "UnassignedGroup"})), "UnassignedGroup"}},
	"Description":              {{"description", ofAlertAlone("description", "a\nb"), "a\nb"}},
	"DeviceCreatedMachineTags": {{"tags", withEvidence(device(object{"tags": []any{"a", "b"}})), "a,b"}},
	"CloudCreatedMachineTags":  {{"tags", withEvidence(device(object{"tags": []any{"a", "b"}})), "a,b"}},
	"CommandLine":              {{"process", withEvidence(evidence(alert.Process, object{"processCommandLine": `"a" "b"`})), `"a" "b"`}},
	"IncidentLinkToWDATP":      {{"incident", ofAlertAlone("incidentWebUrl", "https://i"), "https://i"}},
	"ReportID":                 nil,
	"LinkToMTP":                {{"link", ofAlertAlone("alertWebUrl", "https://a"), "https://a"}},
	"IncidentLinkToMTP":        {{"incident", ofAlertAlone("incidentWebUrl", "https://i"), "https://i"}},
	"ExternalId":               nil,
	"IocUniqueId":              {{"hash", object{}, none}},
}

// absent are the values of fields whose sources are all null or absent.
func absent(name, jsonType string) any {
	switch {
	case name == "AlertPart":
		return int64(3)
	case name == "FullId":
		return ":" + none
	case name == "IocUniqueId":
		return none
	case jsonType == "int", jsonType == "bool":
		return nil
	default:
		return ""
	}
}

// nulled is a copy of an object in which every value but the types is null.
func nulled(value any) any {
	switch value := value.(type) {
	case object:
		copied := object{}
		for key, below := range value {
			switch key {
			case "@odata.type":
				copied[key] = below
			case "evidence", "userAccount", "imageFile", "fileDetails", "destinationAddress":
				copied[key] = nulled(below)
			default:
				copied[key] = nil
			}
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, below := range value {
			copied[i] = nulled(below)
		}
		return copied
	default:
		return nil
	}
}

func mapping(t *testing.T) [][]string {
	t.Helper()
	file, err := os.Open("../../testdata/siem-mapping.csv")
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 51)
	return rows[1:]
}

// Every row of the mapping: each source and each alternative, null, and absent.
func TestMapping(t *testing.T) {
	for _, row := range mapping(t) {
		name, jsonType := row[2], row[3]
		cases, known := mapped[name]
		require.True(t, known, name)
		if strings.TrimSpace(row[6]+row[7]) != "" {
			require.NotEmpty(t, cases, name)
		}
		assert.Equal(t, absent(name, jsonType), recordOf(t, object{})[name], "%s of an alert without anything", name)
		for _, c := range cases {
			assert.Equal(t, c.want, recordOf(t, c.from)[name], "%s: %s", name, c.name)
			assert.Equal(t, absent(name, jsonType), recordOf(t, nulled(c.from).(object))[name], "%s: %s, but null", name, c.name)
		}
	}
}

// Values of other types than the schema's do not change the type of a field.
func TestTypes(t *testing.T) {
	for _, odd := range []any{object{"a": "b"}, []any{"a"}, int64(7), 1.5, true, "", nil} {
		properties := object{}
		for _, name := range []string{
			"mdeDeviceId", "deviceDnsName", "hostName", "ipInterfaces", "loggedOnUsers", "tags", "remediationStatus", "detectionStatus",
			"imageFile", "fileDetails", "userAccount", "ipAddress", "url", "createdDateTime", "processCommandLine", "rbacGroupName",
		} {
			properties[name] = odd
		}
		for _, kind := range []alert.Kind{alert.Process, alert.File, alert.IP, alert.URL, alert.DNS, alert.FileHash, alert.NetworkConnection, ""} {
			a := object{"evidence": []any{odd, evidence(alert.Device, properties), evidence(alert.User, properties), evidence(kind, properties)}}
			for _, name := range []string{"id", "title", "category", "categories", "severity", "mitreTechniques", "createdDateTime", "detectionSource"} {
				a[name] = odd
			}
			record := recordOf(t, a)
			for _, row := range mapping(t) {
				requireType(t, row[3], record[row[2]], row[2])
			}
		}
	}
}

func requireType(t *testing.T, jsonType string, value any, name string) {
	t.Helper()
	switch {
	case jsonType == "int" && name == "AlertPart":
		require.IsType(t, int64(0), value, name)
	case jsonType == "int":
		require.Nil(t, value, name)
	case jsonType == "bool":
		if value != nil {
			require.IsType(t, true, value, name)
		}
	default:
		require.IsType(t, "", value, name)
	}
}

// What the migration page calls unsupported stays empty where that is asked for.
func TestForms(t *testing.T) {
	a := read(t, withEvidence(device(object{"ipInterfaces": []any{"10.0.0.1", "fe80::1"}}),
		evidence(alert.File, object{"fileDetails": object{"md5": "abc", "fileName": "a"}})))
	of := func(form Form) object {
		body := pcommon.NewMap()
		form.Fill(body, FactsOf(a, a.Evidence[1], indicator.None.ID, 0))
		return body.AsRaw()
	}
	plain, extended := of(Form{}), of(Form{Extended: true})
	assert.Len(t, plain, 50)
	assert.Equal(t, []any{"", "", ""}, []any{plain["Md5"], plain["InternalIPv4List"], plain["InternalIPv6List"]})
	assert.Equal(t, []any{"abc", "10.0.0.1", "fe80::1"}, []any{extended["Md5"], extended["InternalIPv4List"], extended["InternalIPv6List"]})

	short := of(Form{OmitEmpty: true})
	assert.Equal(t, object{
		"AlertId": "a1", "AlertPart": int64(0), "DeviceID": "d1", "FileName": "a", "FullId": "a1:" + none, "IocUniqueId": none,
	}, short)
	documented := of(Form{Documented: true, Extended: true})
	assert.Equal(t, "10.0.0.1", documented["InternalIPV4List"])
	assert.NotContains(t, documented, "InternalIPv4List")
}

// A machine with hundreds of addresses does not make a field of kilobytes.
func TestInterfacesAreBounded(t *testing.T) {
	var all []any
	for range 100 {
		all = append(all, "10.0.0.1")
	}
	list := recordOf(t, withEvidence(device(object{"ipInterfaces": all})))["InternalIPv4List"].(string)
	assert.Len(t, strings.Split(list, ", "), maxInterfaces)
}
