package defenderreceiver

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
)

// written reads a receiver's settings as the Collector does, with its variables, over the defaults.
func written(t *testing.T, layers ...string) *Config {
	t.Helper()
	settings := confmap.ResolverSettings{
		ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory(), envprovider.NewFactory()}, DefaultScheme: "env",
	}
	for _, layer := range layers {
		settings.URIs = append(settings.URIs, "yaml:"+layer)
	}
	resolver, err := confmap.NewResolver(settings)
	require.NoError(t, err)
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, conf.Unmarshal(cfg))
	return cfg
}

const (
	secretValue = "Zq8~x0815.Tr4um_Geheim"
	rightBase   = `
storage: file_storage/cursors
credentials:
  tenant_id: 6f1c9a52-0b7e-4d7c-9a35-2f9d6f0c1b11
  client_id: 0a9d2b1e-7c44-4b0e-8f61-3e5a0c7d9e22
  client_secret: "` + secretValue + `"
`
)

// jargon is what a user need not know: Go's types and packages, and the decoder's own words.
var jargon = regexp.MustCompile(`unconvertible|interface ?\{|map\[|\[\]|defenderreceiver|config(http|opaque|retry|tls)|time: (invalid|unknown|missing)|strconv|mapstructure|invalid keys|decod|struct|<nil>|%!`)

// Each message begins with the full path of its key, stands there once, has no jargon and no secret.
func TestMessages(t *testing.T) {
	t.Setenv("DEFENDER_TEST_SECRET", secretValue)
	t.Setenv("DEFENDER_TEST_NUMBER", "5")
	const (
		oneOfFive     = "exactly one of client_certificate, client_secret, client_secret_file, federated_token_file, managed_identity"
		unset         = "if it is set from an environment variable, that variable is not set"
		tenantHow     = "the Directory (tenant) ID on the app registration's overview page"
		clientHow     = "the Application (client) ID on the app registration's overview page"
		storeHow      = "name a storage extension that is listed under service::extensions, e.g. file_storage/cursors; without it a restart would lose or repeat rows"
		allTables     = "DeviceLogonEvents, Alerts, DeviceProcessEvents, DeviceNetworkEvents, DeviceFileEvents, DeviceEvents, DeviceRegistryEvents, DeviceInfo, IdentityInfo, Users"
		defaultTables = "the tables that are read by default are " + allTables + "; another one needs its name as Microsoft's schema has it"
		tableKeys     = "enabled, priority, poll_interval, columns, filter"
		timeHow       = "it must be a time, a number and a unit (ms, s, m, h, d)"
	)
	for name, c := range map[string]struct {
		yaml string // over rightBase
		own  string // instead of it
		want []string
	}{
		// What must be there.
		"nothing": {own: "{}", want: []string{
			"'credentials::tenant_id' is required: " + tenantHow, "'credentials::client_id' is required: " + clientHow,
			"'credentials' needs " + oneOfFive + ": none is given", "'storage' is required: " + storeHow,
		}},
		"no storage": {own: strings.Replace(rightBase, "storage: file_storage/cursors", "", 1), want: []string{"'storage' is required: " + storeHow}},
		"unset variables": {
			yaml: "{storage: '${env:DEFENDER_TEST_UNSET}', credentials: {tenant_id: '${env:DEFENDER_TEST_UNSET}', client_secret: '${env:DEFENDER_TEST_UNSET}'}}",
			want: []string{
				"'credentials::tenant_id' is empty (" + unset + "): " + tenantHow,
				"'credentials' needs " + oneOfFive + ": client_secret is empty (" + unset + ")",
				"'storage' is empty (" + unset + "): " + storeHow,
			},
		},
		"an unset variable for a time":   {yaml: "poll_interval: ${env:DEFENDER_TEST_UNSET}", want: []string{"'poll_interval' is empty: " + timeHow + ", e.g. poll_interval: 5m; " + unset}},
		"an unset variable for a number": {yaml: "page: {max_rows: '${env:DEFENDER_TEST_UNSET}'}", want: []string{"'page::max_rows' is empty: it must be a whole number, e.g. max_rows: 50000; " + unset}},
		"an unset variable for a map":    {yaml: "quota: ${env:DEFENDER_TEST_UNSET}"},
		"two ways":                       {yaml: "credentials: {client_secret_file: /run/secret}", want: []string{"'credentials' needs " + oneOfFive + ", but given are client_secret, client_secret_file: remove all but one"}},
		"a certificate without its key": {yaml: "credentials: {client_secret: '', client_certificate: {cert_file: /a.pem}}", want: []string{
			"'credentials::client_certificate' needs both 'cert_file' and 'key_file'",
		}},
		"PEM and PFX": {yaml: "credentials: {client_secret: '', client_certificate: {cert_file: /a.pem, key_file: /a.key, pfx_file: /a.pfx}}", want: []string{
			"'credentials::client_certificate' names PEM files and a PFX file: keep 'cert_file' and 'key_file', or 'pfx_file'",
		}},
		"a password for PEM": {yaml: "credentials: {client_secret: '', client_certificate: {cert_file: /a.pem, key_file: /a.key, password: '${env:DEFENDER_TEST_SECRET}'}}", want: []string{
			"'credentials::client_certificate::password' is for 'pfx_file' alone: a private key in PEM stands in its file without a password",
		}},
		"a PFX file":                {yaml: "credentials: {client_secret: '', client_certificate: {pfx_file: /a.pfx, password: '${env:DEFENDER_TEST_SECRET}'}}"},
		"a certificate and a token": {yaml: "credentials: {client_secret: '', client_certificate: {pfx_file: /a.pfx}, federated_token_file: /token}", want: []string{"'credentials' needs " + oneOfFive + ", but given are client_certificate, federated_token_file: remove all but one"}},
		"the tenant as the client":  {yaml: "credentials: {client_id: 6F1C9A52-0b7e-4d7c-9a35-2f9d6f0c1b11}", want: []string{"'credentials::client_id' is the same as tenant_id: write " + clientHow}},
		"the system's identity":     {yaml: "credentials: {client_id: '', client_secret: '', managed_identity: {}}"},
		"an end in YAML":            {yaml: "credentials: {expires: 2027-03-01}"},
		"an end as text":            {yaml: "credentials: {expires: '2027-03-01'}"},
		"an end with its time":      {yaml: "credentials: {expires: 2027-03-01T12:00:00+01:00}"},
		"an end in words":           {yaml: "credentials: {expires: 1st of March}", want: []string{"'credentials::expires' is no date: write the day on which the secret ends, e.g. 2027-03-01"}},
		"a day that is none":        {yaml: "credentials: {expires: '2027-02-30'}", want: []string{"'credentials::expires' is no date: write the day on which the secret ends, e.g. 2027-03-01"}},
		"the secret for an end":     {yaml: "credentials: {expires: '${env:DEFENDER_TEST_SECRET}'}", want: []string{"'credentials::expires' is no date: write the day on which the secret ends, e.g. 2027-03-01"}},
		"an extension":              {own: "{storage: file_storage/cursors, auth: {authenticator: oauth2client}, credentials: {tenant_id: acme.onmicrosoft.com, expires: 2027-03-01}}"},
		"an extension alone":        {own: "{storage: file_storage/cursors, auth: {authenticator: oauth2client}}", want: []string{"'credentials::tenant_id' is required: " + tenantHow}},
		"an extension and a secret": {yaml: "{auth: {authenticator: oauth2client}, credentials: {authority: 'https://login.example'}}", want: []string{
			"'credentials::client_secret' is of no use beside 'auth', whose extension says who asks: remove one of both",
			"'credentials::authority' is of no use beside 'auth', whose extension says who asks: remove one of both",
		}},
		"managed identity without braces": {yaml: "credentials: {client_secret: '', managed_identity: }", want: []string{
			"'credentials::managed_identity' is empty: write managed_identity: {}; " + unset,
		}},
		"managed identity as a flag": {yaml: "credentials: {client_secret: '', managed_identity: true}", want: []string{
			"'credentials::managed_identity' is true: it must be a map, e.g. managed_identity: {}",
		}},

		// Ids.
		"a name for the client":    {yaml: "credentials: {client_id: my-collector}", want: []string{"'credentials::client_id' is no GUID: write " + clientHow + ", not the app's name, object id or secret"}},
		"the secret as the client": {yaml: "credentials: {client_id: '${env:DEFENDER_TEST_SECRET}'}", want: []string{"'credentials::client_id' is no GUID: write " + clientHow + ", not the app's name, object id or secret"}},
		"a name for the tenant":    {yaml: "credentials: {tenant_id: acme}", want: []string{"'credentials::tenant_id' is neither a GUID nor a domain name: write " + tenantHow + ", or a domain such as contoso.onmicrosoft.com"}},
		"a domain for the tenant":  {yaml: "credentials: {tenant_id: acme.onmicrosoft.com}"},
		"any tenant":               {yaml: "credentials: {tenant_id: Common}", want: []string{`'credentials::tenant_id' is "Common", which names no tenant: write ` + tenantHow}},
		"placeholders": {yaml: "credentials: {tenant_id: <tenant-id>, client_id: 00000000-0000-0000-0000-000000000000, client_secret: your-client-secret}", want: []string{
			"'credentials::tenant_id' is a placeholder: write the real value in its place",
			"'credentials::client_id' is a placeholder: write the real value in its place",
			"'credentials::client_secret' is a placeholder: write the real value in its place",
		}},
		"another program's variable": {yaml: "credentials: {tenant_id: '%TENANT_ID%'}", want: []string{"'credentials::tenant_id' is the name of a variable: write ${env:TENANT_ID}"}},
		"digits for the client":      {yaml: "credentials: {client_id: 12345}", want: []string{"'credentials::client_id' is a number: write it in quotes"}},
		"digits for the secret":      {yaml: "credentials: {client_secret: 8150815}", want: []string{"'credentials::client_secret' is a number: write it in quotes"}},
		"digits from a variable":     {yaml: "credentials: {client_secret: '${env:DEFENDER_TEST_NUMBER}'}"},

		// Times.
		"a number":           {yaml: "poll_interval: 5", want: []string{"'poll_interval' is 5, which has no unit: write 5s, 5m or 5h"}},
		"a number in quotes": {yaml: "settle: '90'", want: []string{"'settle' is 90, which has no unit: write 90s, 90m or 90h"}},
		"zero":               {yaml: "settle: 0", want: []string{"'settle' is 0, which has no unit: write 0s"}},
		"a fraction":         {yaml: "initial_lookback: 1.5", want: []string{"'initial_lookback' is 1.5, which has no unit: write 1.5s, 1.5m or 1.5h"}},
		"a variable's number": {yaml: "checkpoint_delay: '${env:DEFENDER_TEST_NUMBER}'", want: []string{
			"'checkpoint_delay' is 5, which has no unit: write 5s, 5m or 5h",
		}},
		"numbers everywhere": {
			yaml: `{timeout: 30, idle_conn_timeout: 90, retry_on_failure: {initial_interval: 5, max_interval: 30}, backfill: {window: 30},
late_arrival: {overlap: 2, audit: {interval: 3, window: 24}}, quota: {cpu_per_hour: 10, cpu_per_day: 4}, tables: {Alerts: {poll_interval: 1}},
tls: {reload_interval: 7}, shutdown_timeout: 8}`,
			want: []string{
				"'backfill::window' is 30, which has no unit: write 30s, 30m or 30h",
				"'idle_conn_timeout' is 90, which has no unit: write 90s, 90m or 90h",
				"'late_arrival::audit::interval' is 3, which has no unit: write 3s, 3m or 3h",
				"'late_arrival::audit::window' is 24, which has no unit: write 24s, 24m or 24h",
				"'late_arrival::overlap' is 2, which has no unit: write 2s, 2m or 2h",
				"'quota::cpu_per_day' is 4, which has no unit: write 4s, 4m or 4h",
				"'quota::cpu_per_hour' is 10, which has no unit: write 10s, 10m or 10h",
				"'retry_on_failure::initial_interval' is 5, which has no unit: write 5s, 5m or 5h",
				"'retry_on_failure::max_interval' is 30, which has no unit: write 30s, 30m or 30h",
				"'shutdown_timeout' is 8, which has no unit: write 8s, 8m or 8h",
				"'tables::Alerts::poll_interval' is 1, which has no unit: write 1s, 1m or 1h",
				"'timeout' is 30, which has no unit: write 30s, 30m or 30h",
				"'tls::reload_interval' is 7, which has no unit: write 7s, 7m or 7h",
			},
		},
		"minutes in words":     {yaml: "poll_interval: 5 minutes", want: []string{`'poll_interval' is "5 minutes": write 5m`}},
		"weeks":                {yaml: "backfill: {window: 2w}", want: []string{`'backfill::window' is "2w": write 14d`}},
		"audits without end":   {yaml: "late_arrival: {audit: {interval: 1ms}}", want: []string{"'late_arrival::audit::interval' is 1ms: it must be at least 1s"}},
		"a secret for a time":  {yaml: "settle: '${env:DEFENDER_TEST_SECRET}'", want: []string{"'settle' is no time: write a number and a unit (ms, s, m, h, d), e.g. 2m"}},
		"a flag for a time":    {yaml: "settle: true", want: []string{"'settle' is true: " + timeHow + ", e.g. settle: 2m"}},
		"a list for a time":    {yaml: "settle: [2m]", want: []string{"'settle' is a list: " + timeHow + ", e.g. settle: 2m"}},
		"no time at all":       {yaml: "settle: ''", want: []string{"'settle' is empty: " + timeHow + ", e.g. settle: 2m; " + unset}},
		"0s":                   {yaml: "poll_interval: 0s", want: []string{"'poll_interval' is 0s: it must be at least 100ms"}},
		"-1m":                  {yaml: "poll_interval: -1m", want: []string{"'poll_interval' is -1m: it must be at least 100ms"}},
		"99ms":                 {yaml: "poll_interval: 99ms", want: []string{"'poll_interval' is 99ms: it must be at least 100ms"}},
		"a table's 99ms":       {yaml: "tables: {Alerts: {poll_interval: 99ms}}", want: []string{"'tables::Alerts::poll_interval' is 99ms: it must be at least 100ms"}},
		"too long":             {yaml: "backfill: {window: 31d}", want: []string{"'backfill::window' is 31d: it must be between 0s and 30d"}},
		"times below zero":     {yaml: "{settle: -5m, initial_lookback: -1s}", want: []string{"'settle' is -5m: it must be between 0s and 1d", "'initial_lookback' is -1s: it must be between 0s and 30d"}},
		"lookback 800h":        {yaml: "initial_lookback: 800h", want: []string{"'initial_lookback' is 800h: it must be between 0s and 30d"}},
		"audit window 800h":    {yaml: "late_arrival: {audit: {window: 800h}}", want: []string{"'late_arrival::audit::window' is 800h: it must be between 0s and 30d"}},
		"interval over window": {yaml: "late_arrival: {audit: {interval: 3h, window: 2h}}", want: []string{"'late_arrival::audit::interval' is 3h, longer than the window of 2h: rows in between would never be counted"}},

		// Keys.
		"poll_intervall":      {yaml: "poll_intervall: 5m", want: []string{"'poll_intervall' is no key: did you mean 'poll_interval'?"}},
		"camel case":          {yaml: "pollInterval: 5m", want: []string{"'pollInterval' is no key: did you mean 'poll_interval'?"}},
		"dashes":              {yaml: "human-accounts-only: false", want: []string{"'human-accounts-only' is no key: did you mean 'human_accounts_only'?"}},
		"flat":                {yaml: "backfill_window: 24h", want: []string{"'backfill_window' is no key: did you mean 'backfill::window'?"}},
		"a level too high":    {yaml: "max_rows: 100", want: []string{"'max_rows' is no key: did you mean 'page::max_rows'?"}},
		"a level too low":     {yaml: "credentials: {storage: file_storage/cursors}", want: []string{"'credentials::storage' is no key: did you mean 'storage'?"}},
		"a secret's key":      {own: strings.Replace(rightBase, "client_secret:", "client_secrt:", 1), want: []string{"'credentials::client_secrt' is no key: did you mean 'credentials::client_secret'?"}},
		"the section's key":   {own: strings.Replace(rightBase, "credentials:", "credential:", 1), want: []string{"'credential' is no key: did you mean 'credentials'?"}},
		"storage's key":       {own: strings.Replace(rightBase, "storage:", "storge:", 1), want: []string{"'storge' is no key: did you mean 'storage'?"}},
		"a table's key":       {yaml: "tables: {Alerts: {enable: true, color: red}}", want: []string{"'tables::Alerts::color' is no key: the keys here are " + tableKeys, "'tables::Alerts::enable' is no key: did you mean 'tables::Alerts::enabled'?"}},
		"of the HTTP client":  {yaml: "tls: {ca_flie: /ca.pem}", want: []string{"'tls::ca_flie' is no key: did you mean 'tls::ca_file'?"}},
		"of the backoff":      {yaml: "retry_on_failure: {max_intervall: 5m}", want: []string{"'retry_on_failure::max_intervall' is no key: did you mean 'retry_on_failure::max_interval'?"}},
		"of managed_identity": {yaml: "credentials: {client_secret: '', managed_identity: {colour: red}}", want: []string{"'credentials::managed_identity::colour' is no key: there are none here"}},
		"the secret as a key": {yaml: "credentials: {'" + secretValue + "': x}", want: []string{"'credentials' has a key that is none, and that may be a secret, so it is not repeated: " +
			"the keys are tenant_id, client_id, client_secret, client_secret_file, client_certificate, federated_token_file, managed_identity, authority, expires"}},
		"nothing like it": {yaml: "colour: red", want: []string{"'colour' is no key: the keys here are cloud, api, credentials, storage, poll_interval, settle, " +
			"initial_lookback, backfill, late_arrival, quota, page, batch, retry_on_failure, pause_after_failures, human_accounts_only, checkpoint_delay, " +
			"shutdown_timeout, dead_letter, watermarks, tables, feeds, alert_context"}},
		"all at once": {yaml: "{poll_intervall: 5m, settle: 3, cloud: mars, tables: {Alert: {}, DeviceEvents: [x]}}", want: []string{
			"'poll_intervall' is no key: did you mean 'poll_interval'?",
			"'settle' is 3, which has no unit: write 3s, 3m or 3h",
			"'tables::DeviceEvents' is a list: it must be a map with the keys " + tableKeys,
			`'cloud' is "mars": it must be one of global, us_government, us_government_dod`,
			"'tables::Alert' is no table: did you mean 'Alerts'?",
		}},

		// Types.
		"tables as a list":        {yaml: "tables: [DeviceLogonEvents, Alerts]", want: []string{"'tables' is a list: it must be a map, e.g. tables: {DeviceLogonEvents: {enabled: true}}"}},
		"tables as a text":        {yaml: "tables: DeviceLogonEvents", want: []string{"'tables' is a text: it must be a map, e.g. tables: {DeviceLogonEvents: {enabled: true}}"}},
		"a table as a flag":       {yaml: "tables: {Users: true}", want: []string{"'tables::Users' is true: it must be a map with the keys " + tableKeys}},
		"backfill as a time":      {yaml: "backfill: 720h", want: []string{"'backfill' is a text: it must be a map, e.g. backfill: {window: 7d}"}},
		"backfill as a flag":      {yaml: "backfill: true", want: []string{"'backfill' is true: it must be a map, e.g. backfill: {window: 7d}"}},
		"late_arrival as a text":  {yaml: "late_arrival: event_time", want: []string{"'late_arrival' is a text: it must be a map, e.g. late_arrival: {mode: auto, overlap: 1h}"}},
		"an audit as a time":      {yaml: "late_arrival: {audit: 1h}", want: []string{"'late_arrival::audit' is a text: it must be a map, e.g. audit: {interval: 1h, window: 24h}"}},
		"quota as a number":       {yaml: "quota: 0.5", want: []string{"'quota' is a number: it must be a map, e.g. quota: {share: 0.5}"}},
		"page as a number":        {yaml: "page: 1000", want: []string{"'page' is a number: it must be a map, e.g. page: {max_rows: 50000}"}},
		"the secret for a map":    {yaml: "credentials: '${env:DEFENDER_TEST_SECRET}'", want: []string{"'credentials' is a text: it must be a map, e.g. credentials: {tenant_id: <tenant id>, client_id: <client id>, client_secret_file: /etc/otelcol-defender/secret}"}},
		"the secret in a list":    {yaml: "credentials: {client_secret: ['${env:DEFENDER_TEST_SECRET}']}", want: []string{"'credentials::client_secret' is a list: it must be a text"}},
		"a directory as a text":   {yaml: "dead_letter: /var/dead", want: []string{"'dead_letter' is a text: it must be a map, e.g. dead_letter: {directory: /var/lib/otelcol-defender/dead-letters}"}},
		"a text for a flag":       {yaml: "human_accounts_only: 'no'", want: []string{"'human_accounts_only' is a text: it must be true or false"}},
		"a text for a number":     {yaml: "page: {max_rows: many}", want: []string{"'page::max_rows' is a text: it must be a whole number, e.g. max_rows: 50000"}},
		"a fraction for a number": {yaml: "quota: {max_concurrent_queries: 2.5}", want: []string{"'quota::max_concurrent_queries' is 2.5: it must be a whole number, e.g. max_concurrent_queries: 2"}},
		"a per cent sign":         {yaml: "quota: {share: 50%}", want: []string{"'quota::share' is a text: it must be a number, e.g. share: 0.5"}},
		"a map of columns":        {yaml: "tables: {Alerts: {columns: {ThreatFamily: true}}}", want: []string{"'tables::Alerts::columns' is a map: it must be a list, e.g. columns: [InitiatingProcessIntegrityLevel]"}},
		"numbers as columns":      {yaml: "tables: {Alerts: {columns: [1]}}", want: []string{"'tables::Alerts::columns' holds a number: its entries must be texts, so write it in quotes"}},
		"a list of storages":      {yaml: "storage: [file_storage/cursors]", want: []string{"'storage' is a list: it must be a text, e.g. storage: file_storage/cursors"}},
		"a storage without name":  {yaml: "storage: file_storage/", want: []string{`'storage' is "file_storage/": in "file_storage/" id: the part after / should not be empty`}},
		"the secret for a table":  {yaml: "tables: {'" + secretValue + "': {}}", want: []string{"'tables' names a table that there is not, and that may be a secret, so it is not repeated: " + defaultTables}},
		"the secret for a host": {yaml: "credentials: {authority: '${env:DEFENDER_TEST_SECRET}'}", want: []string{"'credentials::authority' is no URL of a host: it must be an https URL, " +
			"e.g. https://login.microsoftonline.com; leave it out for the cloud's own host"}},
		"the secret for a column":  {yaml: "tables: {Alerts: {columns: ['${env:DEFENDER_TEST_SECRET}']}}", want: []string{"'tables::Alerts::columns' holds a text that is no column's name: use names as Microsoft's schema has them"}},
		"the secret for a storage": {yaml: "storage: '${env:DEFENDER_TEST_SECRET}'", want: []string{"'storage' is not understood: it must be a text, e.g. storage: file_storage/cursors"}},
		"a number for a header":    {yaml: "headers: {X-Team: 5}", want: []string{"'headers' holds a value that is no text: write it in quotes"}},
		"a text for headers":       {yaml: "headers: soc", want: []string{"'headers' is a text: it must be a map of names and texts, e.g. headers: {X-Team: soc}"}},

		// Choices and limits.
		"cloud usgov":    {yaml: "cloud: usgov", want: []string{`'cloud' is "usgov": it must be one of global, us_government, us_government_dod`}},
		"cloud Global":   {yaml: "cloud: Global", want: []string{`'cloud' is "Global": it must be one of global, us_government, us_government_dod; did you mean global?`}},
		"api graph_beta": {yaml: "api: graph_beta", want: []string{`'api' is "graph_beta": it must be one of graph, legacy`}},
		"mode ingestion": {yaml: "late_arrival: {mode: ingestion}", want: []string{`'late_arrival::mode' is "ingestion": it must be one of auto, ingestion_time, event_time`}},
		"share 50":       {yaml: "quota: {share: 50}", want: []string{"'quota::share' is 50: it must be greater than 0 and at most 1, e.g. 0.5 for half of the quota"}},
		"share 0":        {yaml: "quota: {share: 0}", want: []string{"'quota::share' is 0: it must be greater than 0 and at most 1, e.g. 0.5 for half of the quota"}},
		"share NaN":      {yaml: "quota: {share: .nan}", want: []string{"'quota::share' is NaN: it must be greater than 0 and at most 1, e.g. 0.5 for half of the quota"}},
		"too many rows":  {yaml: "page: {max_rows: 200000}", want: []string{"'page::max_rows' is 200000: it must be between 1 and 100000"}},
		"no records":     {yaml: "batch: {max_records: 0}", want: []string{"'batch::max_records' is 0: it must be between 1 and 100000"}},
		"no pauses": {yaml: "retry_on_failure: {initial_interval: 0s, max_interval: 0s, multiplier: 0.5}", want: []string{
			"'retry_on_failure::initial_interval' is 0s: it must be greater than zero",
			"'retry_on_failure::max_interval' is 0s: it must be greater than zero",
			"'retry_on_failure::multiplier' is 0.5: it must be at least 1, so that pauses do not become shorter",
		}},
		"pauses below zero": {yaml: "retry_on_failure: {enabled: false, initial_interval: -1s}", want: []string{
			"'retry_on_failure::initial_interval' is -1s: it must be greater than zero",
		}},
		"priority 0":      {yaml: "tables: {Alerts: {priority: 0}}", want: []string{"'tables::Alerts::priority' is 0: it must be greater than zero"}},
		"a bare host":     {yaml: "endpoint: graph.microsoft.com", want: []string{`'endpoint' is "graph.microsoft.com": it must be an https URL, e.g. https://graph.microsoft.com; leave it out for the cloud's own host`}},
		"legacy's host":   {yaml: "{api: legacy, endpoint: ftp://x}", want: []string{`'endpoint' is "ftp://x": it must be an https URL, e.g. https://api.security.microsoft.com; leave it out for the cloud's own host`}},
		"in the clear":    {yaml: "endpoint: http://graph.example.com", want: []string{`'endpoint' is "http://graph.example.com", which would send the token in the clear: it must be an https URL, e.g. https://graph.microsoft.com; leave it out for the cloud's own host`}},
		"on this machine": {yaml: "endpoint: http://127.0.0.1:8080"},
		"a password":      {yaml: "endpoint: 'ftp://me:${env:DEFENDER_TEST_SECRET}@x'", want: []string{"'endpoint' is no URL of a host: it must be an https URL, e.g. https://graph.microsoft.com; leave it out for the cloud's own host"}},
		"a proxy":         {yaml: "proxy_url: 'proxy.example.com:${env:DEFENDER_TEST_SECRET}'", want: []string{"'proxy_url' is no URL of a proxy: it must be like http://proxy.example.com:3128, with %40 for each @ and %3A for each : of a password"}},

		// Tables, columns, filters.
		"DeviceLogonEvent":     {yaml: "tables: {DeviceLogonEvent: {enabled: true}}", want: []string{"'tables::DeviceLogonEvent' is no table: did you mean 'DeviceLogonEvents'?"}},
		"devicelogonevents":    {yaml: "tables: {devicelogonevents: {}}", want: []string{"'tables::devicelogonevents' is no table: did you mean 'DeviceLogonEvents'?"}},
		"EmailEvents":          {yaml: "tables: {EmailEvents: {filter: 'EmailDirection == \"Inbound\"'}}"},
		"EmailEvent":           {yaml: "tables: {EmailEvent: {enabled: true}}", want: []string{"'tables::EmailEvent' is no table: did you mean 'EmailEvents'?"}},
		"columns of it":        {yaml: "tables: {EmailEvents: {columns: [Subject]}}", want: []string{"'tables::EmailEvents::columns' must be empty: the table is read whole, with all of its columns"}},
		"its column misspelt":  {yaml: "tables: {EmailEvents: {filter: Subjct has 'a'}}", want: []string{"'tables::EmailEvents::filter' names the column Subjct, which EmailEvents does not have: did you mean 'Subject'?"}},
		"a table without time": {yaml: "tables: {DeviceTvmSoftwareInventory: {}}", want: []string{"'tables::DeviceTvmSoftwareInventory' is a table without Timestamp, which says what is now and not what is new, so it cannot be read: remove it"}},
		"or nearly":            {yaml: "tables: {ExposureGraphNode: {}}", want: []string{"'tables::ExposureGraphNode' is no table: did you mean 'ExposureGraphNodes'? That one cannot be read: it has no Timestamp"}},
		"a query as a table":   {yaml: "tables: {'EmailEvents | take 1': {}}", want: []string{"'tables' names a table that there is not, and that may be a secret, so it is not repeated: " + defaultTables}},
		"a function's call":    {yaml: "tables: {'Foo()': {}}", want: []string{"'tables' names a table that there is not, and that may be a secret, so it is not repeated: " + defaultTables}},
		"no identifier":        {yaml: "tables: {Foo-Bar: {}}", want: []string{"'tables::Foo-Bar' is no table: " + defaultTables}},
		"a key for a table":    {yaml: "tables: {window: {}}", want: []string{"'tables::window' is no table: " + defaultTables}},
		"AlertInfo":            {yaml: "tables: {AlertInfo: {enabled: true}}", want: []string{"'tables::AlertInfo' is read as a part of the table Alerts: write 'tables::Alerts'"}},
		"a table of nobody's":  {yaml: "tables: {Weather: }"},
		"with a number":        {yaml: "tables: {Office365ExchangeEvents_CL: }"},
		"all off":              {yaml: "tables: {" + strings.ReplaceAll(allTables, ", ", ": {enabled: false}, ") + ": {enabled: false}}", want: []string{"'tables' names no table that is read, because all are disabled: enable at least one, or a feed"}},
		"Users by legacy":      {yaml: "{api: legacy, tables: {Users: {enabled: true}}}", want: []string{"'tables::Users' needs api: graph: the legacy API's token is not for Graph, which keeps the users"}},
		"columns of Users":     {yaml: "tables: {Users: {columns: [mail]}}", want: []string{"'tables::Users::columns' must be empty: of Graph's users the receiver reads what the processor needs"}},
		"a column with a gap":  {yaml: "tables: {Alerts: {columns: [Foo Bar]}}", want: []string{`'tables::Alerts::columns' holds "Foo Bar", which is no column's name: use names as Microsoft's schema has them`}},
		"LogonID":              {yaml: "tables: {DeviceLogonEvents: {columns: [LogonID]}}", want: []string{"'tables::DeviceLogonEvents::columns' names the column LogonID, which DeviceLogonEvents does not have: did you mean 'LogonId'?"}},
		"a letter too few":     {yaml: "tables: {Alerts: {columns: [ThreatFamly]}}", want: []string{"'tables::Alerts::columns' names the column ThreatFamly, which Alerts does not have: did you mean 'ThreatFamily'?"}},
		"FileNam":              {yaml: "tables: {DeviceFileEvents: {filter: FileNam startswith 'a'}}", want: []string{"'tables::DeviceFileEvents::filter' names the column FileNam, which DeviceFileEvents does not have: did you mean 'FileName'?"}},
		"a column from now on": {yaml: "tables: {DeviceEvents: {columns: [QuantumState], filter: 'QuantumState == 1'}}"},
		"a filter with more":   {yaml: "tables: {DeviceEvents: {filter: 'true | take 1'}}", want: []string{"'tables::DeviceEvents::filter' is refused: a filter is one predicate: `|` may stand only inside parentheses"}},
		"an open quote":        {yaml: `tables: {DeviceEvents: {filter: 'DeviceName == "a'}}`, want: []string{"'tables::DeviceEvents::filter' is refused: the string at byte 15 is not closed"}},
	} {
		t.Run(name, func(t *testing.T) {
			layers := []string{rightBase, c.yaml}
			if c.own != "" {
				layers = []string{c.own}
			} else if c.yaml == "" {
				layers = layers[:1]
			}
			err := confmap.Validate(written(t, layers...))
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			lines := linesOf(err)
			assert.Equal(t, c.want, lines)
			assert.NotContains(t, err.Error(), secretValue)
			assert.NotContains(t, err.Error(), "8150815")
			for i, line := range lines {
				assert.Regexp(t, `^'[A-Za-z_:-]+' `, line)
				assert.NotRegexp(t, jargon, line)
				assert.False(t, slices.Contains(lines[:i], line), "twice: %s", line)
			}
		})
	}
}

// linesOf are the problems of a report.
func linesOf(err error) []string {
	lines := strings.Split(err.Error(), "\n  - ")
	if len(lines) > 1 {
		lines = lines[1:]
	}
	return lines
}
