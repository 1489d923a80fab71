package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const good = `
extensions:
  file_storage: {directory: /var/lib/x, create_directory: true, fsync: true}
receivers:
  defender:
    credentials: {tenant_id: 11111111-2222-4333-8444-555555555555, client_id: aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee, client_secret: "${env:DEFENDERCTL_TEST_SECRET}"}
    storage: file_storage
    dead_letter: {directory: /var/lib/x/dead-letters}
exporters:
  file: {path: /var/lib/x/events.ndjson, rotation: {max_backups: 0}}
service:
  extensions: [file_storage]
  pipelines:
    logs: {receivers: [defender], exporters: [file]}
`

const secret = "pa55-w0rd-0815"

func configFile(t *testing.T, text string) string {
	t.Helper()
	t.Setenv("DEFENDERCTL_TEST_SECRET", secret)
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// run runs defenderctl and gives what it printed and its exit status.
func run(t *testing.T, args ...string) (output string, status int) {
	t.Helper()
	var out bytes.Buffer
	cmd := newCommand()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	output = out.String()
	assert.NotContains(t, output, secret)
	if err != nil {
		assert.NotContains(t, err.Error(), secret)
	}
	return output, exitStatus(err)
}

func TestCheckOfAGoodConfiguration(t *testing.T) {
	output, status := run(t, "check", "--config", configFile(t, good))
	assert.Zero(t, status)
	assert.Equal(t, "rows of receivers::defender\n\nno way to lose rows was found; warnings: 0; notes: 0\n", output)
}

func TestCheckOfALosingConfiguration(t *testing.T) {
	path, over := configFile(t, good), configFile(t, "processors: {batch: {}}\nservice: {pipelines: {logs: {processors: [batch]}}}")
	output, status := run(t, "check", "--config", path, "--config", over)
	assert.Equal(t, exitFound, status)
	assert.Contains(t, output, "\nerror   processors::batch\n        loses:     ")
	assert.Contains(t, output, "        remedy:    remove it")
	assert.Contains(t, output, "ways to lose rows: 1; warnings: 0; notes: 0")
}

// Credentials that cannot work are told before anything runs, and their secrets are not.
func TestCheckOfCredentials(t *testing.T) {
	const tenant = "credentials: {tenant_id: 11111111-2222-4333-8444-555555555555, client_id: "
	for name, c := range map[string]struct{ old, written, want string }{
		"the tenant as the client": {"client_id: aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "client_id: 11111111-2222-4333-8444-555555555555", "'credentials::client_id' is the same as tenant_id"},
		"two ways":                 {tenant, "credentials: {client_certificate: {pfx_file: /a.pfx, password: " + secret + "}, tenant_id: 11111111-2222-4333-8444-555555555555, client_id: ", "given are client_certificate, client_secret"},
		"an end that is no date":   {tenant, "credentials: {expires: " + secret + ", tenant_id: 11111111-2222-4333-8444-555555555555, client_id: ", "'credentials::expires' is no date"},
		"auth beside a secret":     {"    storage: file_storage", "    auth: {authenticator: oauth2client}\n    storage: file_storage", "'credentials::client_secret' is of no use beside 'auth'"},
	} {
		output, status := run(t, "check", "--config", configFile(t, strings.Replace(good, c.old, c.written, 1)))
		assert.Equal(t, exitFailed, status, name)
		assert.Contains(t, output, c.want, name)
	}
}

func TestCheckWithSet(t *testing.T) {
	path := configFile(t, good)
	_, status := run(t, "check", "--config", path, "--set", "extensions.file_storage.recreate=true")
	assert.Equal(t, exitFound, status)
	_, status = run(t, "check", "--config", path, "--set=nonsense")
	assert.Equal(t, exitFailed, status)
}

func TestCheckAsJSON(t *testing.T) {
	output, status := run(t, "check", "--format", "json", "--config", configFile(t, good), "--set", "exporters.file.rotation.max_backups=3")
	assert.Zero(t, status)
	var result map[string]any
	require.NoError(t, json.Unmarshal([]byte(output), &result))
	report, ok := result["pipelines"].(map[string]any)
	require.True(t, ok)
	assert.Equal(t, []any{"receivers::defender"}, report["sources"])
	assert.Equal(t, []any{}, report["invalid"])
	assert.Equal(t, []any{}, report["not_judged"])
	assert.Equal(t, []any{}, report["unset"])
	findings, ok := report["findings"].([]any)
	require.True(t, ok)
	require.Len(t, findings, 1)
	finding, ok := findings[0].(map[string]any)
	require.True(t, ok)
	assert.NotEmpty(t, finding["why"])
	assert.NotEmpty(t, finding["remedy"])
	delete(finding, "why")
	delete(finding, "remedy")
	assert.Equal(t, map[string]any{
		"severity": "info", "effect": "notes", "rule": "file_deletes_old", "path": "exporters::file::rotation", "sources": []any{"receivers::defender"},
	}, finding)
}

func TestCheckThatFails(t *testing.T) {
	path := configFile(t, good)
	for name, args := range map[string][]string{
		"no config":        {"check"},
		"no such file":     {"check", "--config", "/does/not/exist.yaml"},
		"no such format":   {"check", "--config", path, "--format", "xml"},
		"no source":        {"check", "--config", path, "--set", "service.pipelines.logs.receivers=[otlp]"},
		"refused":          {"check", "--config", path, "--set", "exporters.file.pfad=x"},
		"arguments":        {"check", path},
		"unknown commands": {"chekc"},
	} {
		_, status := run(t, args...)
		assert.Equal(t, exitFailed, status, name)
	}
	output, _ := run(t, "check", "--config", path, "--set", "exporters.file.pfad=x")
	assert.Contains(t, output, "the collector would refuse:\n        exporters::file: ")
}

// Exit status 1 if rows can be lost, 2 if that cannot be judged; the last line says which, and why.
func TestCheckExitStatus(t *testing.T) {
	path := configFile(t, good)
	for name, test := range map[string]struct {
		sets   []string
		status int
		last   string
	}{
		"clean":            {nil, 0, "no way to lose rows was found; warnings: 0; notes: 0"},
		"a warning":        {[]string{"extensions.file_storage.fsync=false"}, 0, "no way to lose rows was found; warnings: 1; notes: 0"},
		"loses":            {[]string{"receivers.defender.dead_letter.directory="}, exitFound, "ways to lose rows: 1; warnings: 0; notes: 0"},
		"in memory":        {[]string{"extensions.file_storage.directory=/dev/shm/x"}, exitFound, "ways to lose rows: 1; warnings: 0; notes: 0"},
		"perhaps":          {[]string{"extensions.file_storage.directory=/tmp/x"}, 0, "no way to lose rows was found; warnings: 1; notes: 0"},
		"loses and wrong":  {[]string{"receivers.defender.dead_letter.directory=", "exporters.file.pfad=x"}, exitFound, "ways to lose rows: 1; warnings: 0; notes: 0; the collector would refuse this configuration: 1"},
		"wrong":            {[]string{"exporters.file.pfad=x"}, exitFailed, "it cannot be judged whether rows can be lost; warnings: 0; notes: 0; the collector would refuse this configuration: 1"},
		"not in the build": {[]string{"exporters.splunk_hec={}", "service.pipelines.logs.exporters=[file, splunk_hec]"}, exitFailed, "it cannot be judged whether rows can be lost; warnings: 1; notes: 0; the collector would refuse this configuration: 1"},
		"without rules":    {[]string{"exporters.prometheus={endpoint: 'x:1'}", "service.pipelines.logs.exporters=[file, prometheus]"}, exitFailed, "it cannot be judged whether rows can be lost; warnings: 0; notes: 0; the collector would refuse this configuration: 1; components without rules: 1"},
		"not set":          {[]string{"receivers.defender.cloud=${env:DEFENDERCTL_TEST_CLOUD}global"}, exitFailed, "it cannot be judged whether rows can be lost; warnings: 0; notes: 0; variables that are not set: 1"},
		"no rows":          {[]string{"service.pipelines.logs.receivers=[otlp]", "receivers.otlp={protocols: {grpc: {}}}"}, exitFailed, "it cannot be judged whether rows can be lost; warnings: 0; notes: 0; there are no rows to follow"},
	} {
		args := []string{"check", "--config", path}
		for _, set := range test.sets {
			args = append(args, "--set", set)
		}
		output, status := run(t, args...)
		assert.Equal(t, test.status, status, "%s\n%s", name, output)
		lines := strings.Split(strings.TrimSpace(output), "\n")
		assert.Equal(t, test.last, lines[len(lines)-1], name)
	}
}

func TestCheckNamesWhatTheBuildLacks(t *testing.T) {
	output, _ := run(t, "check", "--config", configFile(t, good), "--set", "exporters.flie={}", "--set", "service.pipelines.logs.exporters=[file, flie]")
	assert.Contains(t, output, "the collector would refuse:\n        exporters::flie: this build has no exporter of the type flie (did you mean file?): it has clickhouse, debug, ")
}

func TestCheckNamesUnsetVariables(t *testing.T) {
	output, _ := run(t, "check", "--config", configFile(t, good), "--set", "receivers.defender.cloud=${env:DEFENDERCTL_TEST_CLOUD}")
	assert.Contains(t, output, "not set:\n        receivers::defender::cloud: the environment variable DEFENDERCTL_TEST_CLOUD is not set here")
}

func TestCheckSaysWhyThereIsNothingToFollow(t *testing.T) {
	output, status := run(t, "check", "--config", configFile(t, good), "--set", "service.pipelines.logs.receivers=[defnder]")
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, output, "no rows can be followed: receivers::defender stands in no logs pipeline")
	assert.Contains(t, output, "service::pipelines::logs::receivers: defnder is not configured under receivers: did you mean defender?")
}
