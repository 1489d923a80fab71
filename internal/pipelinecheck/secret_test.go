package pipelinecheck

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hidden are secrets of several forms; %[1]q in a layer below is one of them.
var hidden = map[string]string{
	"a password":     "pa55-w0rd-0815",
	"of Entra ID":    "Zk38Q~vJq3.yWm7Lb-Tn4XcRp0sDf9GhKe2Ua~1c",
	"a long word":    "correcthorsebatterystaple",
	"with signs":     `p@ss"w0rd'/:x`,
	"a number":       "0815471100",
	"a map":          "{pa55: w0rd0815}",
	"a list":         "[pa55w0rd, 0815]",
	"a duration":     "815h47m11s",
	"of YAML's":      "*pa55w0rd&0815",
	"in two lines":   "pa55w0rd\n0815x",
	"a base64 text":  "cGE1NXcwcmQwODE1Cg==",
	"with a percent": "%pa55w0rd%0815",
}

// pieces are what must not be seen of a secret.
func pieces(secret string) []string {
	all := []string{secret}
	for _, piece := range strings.FieldsFunc(secret, func(r rune) bool { return strings.ContainsRune("{}[]:, \"'/\n@", r) }) {
		if len(piece) > 3 {
			all = append(all, strings.TrimLeft(piece, "0"))
		}
	}
	return all
}

// places are settings in which a secret makes something invalid. VALUE is it, from a variable; LITERAL is it, as written.
var places = map[string]string{
	"in its place, beside a fault":  source(`credentials: {client_secret: VALUE, client_secret_file: x}, cloud: usgov`),
	"in its place, literally":       source(`credentials: {client_secret: LITERAL, client_secret_file: x}, cloud: usgov`),
	"as a map's key":                source(`credentials: {client_secret: {LITERAL: x}}`),
	"as a map's value":              source(`credentials: {client_secret: {x: LITERAL}}`),
	"as a list":                     source(`credentials: {client_secret: [LITERAL]}`),
	"as a key of the credentials":   source(`credentials: {LITERAL: x, client_secret: LITERAL}`),
	"for a duration":                source(`poll_interval: VALUE`),
	"for a duration, literally":     source(`poll_interval: LITERAL, credentials: {client_secret: LITERAL}`),
	"for a number":                  source(`pause_after_failures: VALUE`),
	"for all of the credentials":    source(`credentials: VALUE`),
	"for all of them, literally":    source(`credentials: LITERAL`),
	"for all of them, in a list":    source(`credentials: [LITERAL]`),
	"for a certificate":             source(`credentials: {client_certificate: VALUE}`),
	"for the tables":                source(`tables: VALUE`),
	"for a table":                   source(`tables: {Alerts: VALUE}`),
	"for a mode":                    source(`late_arrival: {mode: VALUE}`),
	"for the cloud":                 source(`cloud: VALUE`),
	"for a column":                  source(`tables: {Alerts: {columns: ["VALUE", VALUE]}}`),
	"for a filter":                  source(`tables: {Alerts: {filter: VALUE}}`),
	"for the storage":               source(`storage: VALUE`),
	"in a URL":                      source(`endpoint: "ftp://user:VALUE@host/x"`),
	"in a URL as the user":          source(`endpoint: "http://VALUE@graph.example.com"`),
	"in a query":                    source(`endpoint: "http://graph.example.com/?sig=VALUE"`),
	"in a proxy's URL":              source(`proxy_url: "http://user:VALUE@host:port:port", endpoint: x`),
	"in a header":                   source(`headers: {Authorization: "Bearer VALUE"}, cloud: x`),
	"as a header's map":             source(`headers: {Authorization: {LITERAL: x}}`),
	"for all headers":               source(`headers: VALUE`),
	"as a header in a list":         source(`headers: [{name: x, value: [LITERAL]}]`),
	"under a misspelled key":        source(`credentials: {client_secert: VALUE}`),
	"under a key too high":          source(`client_secret: LITERAL`),
	"for a flag":                    kafka(`sending_queue: {enabled: VALUE}`),
	"for a partitioner":             kafka(`record_partitioner: {sticky_key: {hasher: VALUE}}`),
	"for authentication":            kafka(`auth: VALUE`),
	"for authentication, in a list": kafka(`auth: [LITERAL]`),
	"for a mechanism":               kafka(`auth: {sasl: {mechanism: VALUE, username: u, password: VALUE}}`),
	"as a password that is a map":   kafka(`auth: {sasl: {mechanism: PLAIN, username: u, password: {LITERAL: x}}}`),
	"as a password in a list":       kafka(`auth: {sasl: {mechanism: PLAIN, username: u, password: [LITERAL]}}`),
	"in a broker":                   kafka(`brokers: ["user:VALUE@host:9092", []]`),
	"in a pipeline":                 `service: {pipelines: {logs: {receivers: {x: VALUE}}}}`,
	"in a pipeline's list":          `service: {pipelines: {logs: {exporters: [VALUE]}}}`,
	"for a whole component":         `exporters: {kafka: VALUE}`,
	"for a section":                 `exporters: VALUE`,
	"for the service":               `service: VALUE`,
	"for the extensions":            `service: {extensions: VALUE}`,
	"in the telemetry":              `service: {telemetry: {metrics: {level: VALUE}}}`,
	"in the telemetry's headers":    `service: {telemetry: {metrics: {readers: [{periodic: {exporter: {otlp: {endpoint: "x", headers: [{name: x, value: [LITERAL]}]}}}}]}}}`,
	"of another extension":          `extensions: {basicauth: {client_auth: {username: u, password: [LITERAL]}}}`,
	"of an unknown component":       `exporters: {splunk_hec: {token: VALUE}}`,
	"as a component's name":         "exporters: {kafka: {auth: {sasl: {mechanism: x, password: VALUE}}}}\nservice: {pipelines: {logs: {exporters: [LITERAL]}}}",
	"inside another text":           source(`cloud: "xVALUEx", credentials: {client_secret: VALUE}`),
	"in a variable's text":          kafka(`logs: {topic: "aVALUEb", encoding: [x]}`),
}

// No secret shows in any message, whatever made the value around it invalid.
// Each form stands in each place. With the race detector, which makes this slow, each stands in every sixth place, and each
// place has two forms; the others are tried without it.
func TestSecretsAreNotRepeated(t *testing.T) {
	for i, form := range slices.Sorted(maps.Keys(hidden)) {
		secret := hidden[form]
		t.Setenv("DEFENDERCTL_TEST_SECRET", secret)
		literal, err := json.Marshal(secret)
		require.NoError(t, err)
		for j, place := range slices.Sorted(maps.Keys(places)) {
			if raceEnabled && (i+j)%6 != 0 {
				continue
			}
			layer := places[place]
			layer = strings.ReplaceAll(layer, "VALUE", "${env:DEFENDERCTL_TEST_SECRET}")
			layer = strings.ReplaceAll(layer, `: ${env`, `: "${env`)
			layer = quoteReferences(strings.ReplaceAll(layer, "LITERAL", strings.ReplaceAll(string(literal), "$", "$$")))
			report, err := tryCheck(t, toKafka, layer)
			text, jsonErr := json.Marshal(report)
			require.NoError(t, jsonErr)
			all := string(text) + fmt.Sprint(err)
			for _, piece := range pieces(secret) {
				assert.NotContains(t, all, piece, "%s, %s: %s", form, place, layer)
			}
			assert.NotContains(t, all, "s3cr3t-value", "%s, %s", form, place)
		}
	}
}

// quoteReferences closes the quotes that were opened before a reference that is a whole value.
func quoteReferences(layer string) string {
	return strings.ReplaceAll(layer, `: "${env:DEFENDERCTL_TEST_SECRET}`, `: "${env:DEFENDERCTL_TEST_SECRET}"`)
}

func TestSecretsOfAnUnreadableFileAreNotRepeated(t *testing.T) {
	const secret = "pa55-w0rd-0815"
	t.Setenv("DEFENDERCTL_TEST_MAP", "{x: "+secret+"}")
	for name, text := range map[string]string{
		"scalar": secret, "list": "[" + secret + "]", "broken": "client_secret: " + secret + ": x", "tab": "a:\n\tclient_secret: " + secret,
		"anchor": "a: *" + secret, "twice": secret + ": 1\n" + secret + ": 2", "a scheme": "a: ${" + secret + "-x:" + secret + "}",
		"a variable": "a: ${env:" + secret + "}", "a map inside a text": "a: x${env:DEFENDERCTL_TEST_MAP}", "open": "a: '" + secret,
		"a tag": "a: !!int " + secret, "an escape": `a: "` + secret + `\q"`, "open list": "a: [" + secret, "in a URL": "a: ${https://user:" + secret + "@127.0.0.1:1/x}",
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Load(t.Context(), []string{path})
		if err != nil {
			assert.NotContains(t, err.Error(), "w0rd", name)
		}
	}
	for _, location := range []string{
		"yaml:a: [" + secret, "https://user:" + secret + "@127.0.0.1:1/config.yaml", "http://127.0.0.1:1/?sig=" + secret, "nosuch:" + secret, "yaml:" + secret,
	} {
		_, err := Load(t.Context(), []string{location})
		require.Error(t, err, location)
		assert.NotContains(t, err.Error(), "w0rd", location)
	}
}

// What is no secret stays in messages, inside words too.
func TestOtherValuesAreShown(t *testing.T) {
	const credentials = `credentials: {tenant_id: 11111111-2222-4333-8444-555555555555, client_id: aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee, client_secret: event_time}`
	for layer, want := range map[string][]string{
		source(`late_arrival: {mode: event}`):                        {"auto, ingestion_time, event_time"},
		source(`late_arrival: {mode: ingestion}, ` + credentials):    {"auto, ingestion_time, event_time"},
		source(`cloud: usgov`):                                       {"usgov", "global, us_government, us_government_dod"},
		source(`cloud: us_gov`):                                      {"us_gov"},
		source(`page: {max_rows: 200000}`):                           {"200000", "between 1 and 100000"},
		source(`settle: -5m`):                                        {"-5m"},
		source(`initial_lookback: 800h`):                             {"800h", "30d"},
		source(`tables: {Alerts: {columns: [Foo Bar]}}`):             {"Foo Bar"},
		source(`tables: {DeviceLogonEvent: {}}`):                     {"DeviceLogonEvent", "DeviceLogonEvents"},
		source(`endpoint: "http://graph.example.com"`):               {"http://graph.example.com"},
		source(`poll_intervall: 5m`):                                 {"poll_intervall"},
		source(`api: graph_beta`):                                    {"graph_beta"},
		source(`api: legacy, tables: {Users: {enabled: true}}`):      {"api: graph", "legacy"},
		`processors: {total_normalize: {tuid: {unmapped: derived}}}`: {"one of derive, empty, drop", "derived"},
		kafka(`producer: {compression: zst4d}`):                      {"zst4d"},
		kafka(`logs: {topic: x}, brokers: [], auth: {sasl: {mechanism: GSSAPI5, username: someone, password: x}}`): {"GSSAPI5"},
	} {
		report := check(t, toKafka, layer)
		var all []string
		for _, remark := range report.Invalid {
			all = append(all, remark.Message)
		}
		for _, part := range want {
			assert.Contains(t, strings.Join(all, "\n"), part, layer)
		}
		assert.NotContains(t, strings.Join(all, "\n"), redactedPart, layer)
	}
}

// Each fault is said once, beside one that may not be quoted.
func TestFaultsBesideASecret(t *testing.T) {
	report := check(t, toKafka, source(`settle: -5m, credentials: {client_secret: [hunter]}`))
	var all []string
	for _, remark := range report.Invalid {
		all = append(all, remark.Message)
	}
	assert.NotEmpty(t, all)
	assert.Contains(t, strings.Join(all, "\n"), "client_secret")
	assert.NotContains(t, strings.Join(all, "\n"), "hunter")
}

func TestLooksRandom(t *testing.T) {
	for _, text := range []string{"pa55-w0rd-0815", "s3cr3t-value", "a1b2c3d4e5f6"} {
		assert.True(t, looksRandom(text), text)
	}
	for _, text := range []string{
		"event_time", "DeviceLogonEvents", "11111111-2222-4333-8444-555555555555", "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "1h30m15s", "S-1-5-18",
		"total-events-v2", "5 minutes", "murmur2", "/var/lib/a1b2c3/x", "us_government",
	} {
		assert.False(t, looksRandom(text), text)
	}
}

func TestWithoutSecretParts(t *testing.T) {
	for text, want := range map[string]string{
		"https://user:pa55@host/x":      "https://REDACTED@host/x",
		"https://host:8443/x":           "https://host:8443/x",
		"https://user:p/5@host":         "https://REDACTED@host",
		"user:pa55@host:9092":           "REDACTED@host:9092",
		"someone@example.com":           "someone@example.com",
		"https://host/?a=1&sig=abc&b=2": "https://host/?a=1&sig=REDACTED&b=2",
		"Endpoint=sb://x/;SharedAccessKeyName=l;SharedAccessKey=a$b=": "Endpoint=sb://x/;SharedAccessKeyName=l;SharedAccessKey=REDACTED",
		"Bearer abc":           "Bearer REDACTED",
		"FolderPath has \"x\"": "FolderPath has \"x\"",
	} {
		assert.Equal(t, want, withoutSecretParts(text))
	}
}

// A secret that is a part of a text, and written there.
func TestSecretsInsideTextsAreNotRepeated(t *testing.T) {
	for _, secret := range []string{"pa55-w0rd-0815", "swordfish"} {
		for _, layer := range []string{
			source(`endpoint: "http://user:SECRET@graph.example.com"`),
			source(`endpoint: "http://SECRET@graph.example.com"`),
			source(`endpoint: "http://user:x/SECRET@graph.example.com"`),
			source(`endpoint: "http://graph.example.com/?client_secret=SECRET&x=y"`),
			source(`credentials: {authority: "ftp://user:SECRET@login"}`),
			source(`proxy_url: "http://user:SECRET@proxy:port", cloud: x`),
			source(`tables: {"https://user:SECRET@host": {}}`),
			source(`poll_interval: "Bearer SECRET"`),
			source(`cloud: "AccountKey=SECRET;x"`),
			kafka(`brokers: ["user:SECRET@host:9092"], logs: {encoding: [x]}`),
			kafka(`record_partitioner: {sticky_key: {hasher: "https://user:SECRET@host"}}`),
			`exporters: {otlp_http: {endpoint: "https://user:SECRET@host:port"}}`,
		} {
			report, err := tryCheck(t, toKafka, strings.ReplaceAll(layer, "SECRET", secret))
			text, jsonErr := json.Marshal(report)
			require.NoError(t, jsonErr)
			assert.NotContains(t, string(text)+fmt.Sprint(err), secret, layer)
		}
	}
}
