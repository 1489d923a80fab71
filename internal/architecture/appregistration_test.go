package architecture

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stubbed stands for the Azure CLI: it notes each call in $CALLS, and gives what the script reads.
const stubbed = `#!/usr/bin/env bash
printf '%s\n' "$*" >> "$CALLS"
case "$*" in
"account show"*) echo 11111111-2222-4333-8444-555555555555 ;;
"ad app list"*) echo "$KNOWN" ;;
"ad sp show"*ThreatHunting.Read.All*) echo role-hunting ;;
"ad sp show"*User.Read.All*) echo role-users ;;
"ad sp show"*SecurityAlert.Read.All*) echo role-alerts ;;
"ad sp show"*SecurityAlert.ReadWrite.All*) echo role-resolver ;;
"ad sp show"*SecurityIncident.Read.All*) echo role-incidents ;;
"ad sp show"*SecurityEvents.Read.All*) echo role-scores ;;
"ad app create"*) echo aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee ;;
"ad app permission admin-consent"*) [ "$(grep -c admin-consent "$CALLS")" -gt "$REFUSALS" ] ;;
"ad app credential reset"*--query*) echo the-secret ;;
esac
`

// registered runs scripts/app-registration.sh with the stub.
func registered(t *testing.T, environment map[string]string, args ...string) (output string, calls []string, err error) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has app-registration.ps1")
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "az"), []byte(stubbed), 0o700))
	noted := filepath.Join(folder, "calls")
	script, err := filepath.Abs(filepath.Join(root, "scripts", "app-registration.sh"))
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), bash, append([]string{script}, args...)...)
	command.Env = append(os.Environ(), "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"), "CALLS="+noted,
		"RETRY_PAUSE=0", "REFUSALS=0", "KNOWN=")
	for name, value := range environment {
		command.Env = append(command.Env, name+"="+value)
	}
	said, err := command.CombinedOutput()
	content, _ := os.ReadFile(noted)
	return string(said), strings.Split(strings.TrimSpace(string(content)), "\n"), err
}

func TestAppRegistration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	output, calls, err := registered(t, map[string]string{"REFUSALS": "2"}, "--secret-file", file, "--users")
	require.NoError(t, err, output)
	assert.Contains(t, output, "export DEFENDER_TENANT_ID=11111111-2222-4333-8444-555555555555\n"+
		"export DEFENDER_CLIENT_ID=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\nexport DEFENDER_CLIENT_SECRET_FILE="+file+"\n")
	assert.NotContains(t, output, "the-secret")

	secret, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "the-secret", strings.TrimSpace(string(secret)))
	about, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), about.Mode().Perm())

	asked := strings.Join(calls, "\n")
	assert.Contains(t, asked, "ad app create --display-name otelcol-defender --sign-in-audience AzureADMyOrg")
	assert.Contains(t, asked, "ad app permission add --id aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee "+
		"--api 00000003-0000-0000-c000-000000000000 --api-permissions role-hunting=Role role-users=Role")
	assert.Equal(t, 3, strings.Count(asked, "admin-consent"), "a refusal may be of a tenant that does not know the application yet")
	assert.NotContains(t, asked, "--cert")
}

func TestAppRegistrationWithCertificate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.crt")
	require.NoError(t, os.WriteFile(file, []byte("PEM"), 0o600))
	output, calls, err := registered(t, nil, "--certificate", file, "--name", "of O'Hara", "--alerts", "--scores")
	require.NoError(t, err, output)
	assert.NotContains(t, output, "SECRET")
	asked := strings.Join(calls, "\n")
	assert.Contains(t, asked, "--cert @"+file+" --append")
	assert.Contains(t, asked, "displayName eq 'of O''Hara'")
	assert.Contains(t, asked, "--api-permissions role-hunting=Role role-alerts=Role role-incidents=Role role-scores=Role")
}

// What may write to the tenant is an app registration of its own, which may do nothing else.
func TestAppRegistrationOfTheResolver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	output, calls, err := registered(t, nil, "--secret-file", file, "--resolver")
	require.NoError(t, err, output)
	assert.Contains(t, output, "export DEFENDER_TENANT_ID=11111111-2222-4333-8444-555555555555\n"+
		"export RESOLVER_CLIENT_ID=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\nexport RESOLVER_CLIENT_SECRET_FILE="+file+"\n")
	asked := strings.Join(calls, "\n")
	assert.Contains(t, asked, "ad app create --display-name otelcol-defender-resolver --sign-in-audience AzureADMyOrg")
	assert.Regexp(t, `--api-permissions role-resolver=Role --`, asked)

	_, calls, err = registered(t, nil, "--secret-file", filepath.Join(t.TempDir(), "other"), "--resolver", "--name", "mine")
	require.NoError(t, err)
	assert.Contains(t, strings.Join(calls, "\n"), "ad app create --display-name mine")
	_, calls, err = registered(t, nil, "--secret-file", filepath.Join(t.TempDir(), "plain"))
	require.NoError(t, err)
	assert.Regexp(t, `--api-permissions role-hunting=Role --`, strings.Join(calls, "\n"), "the collector's own may not write")
}

// Both scripts have the same options, grant the same permissions and print the same variables.
func TestAppRegistrationScriptsAgree(t *testing.T) {
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(root, "scripts", name))
		require.NoError(t, err)
		return string(content)
	}
	shell, power := read("app-registration.sh"), read("app-registration.ps1")
	permission := regexp.MustCompile(`\b\w+\.(?:Read|ReadWrite)\.All\b`)
	granted := func(text string, apart ...string) []string {
		names := slices.Compact(slices.Sorted(slices.Values(permission.FindAllString(text, -1))))
		return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(apart, name) })
	}
	assert.Equal(t, granted(shell), granted(power, "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"))
	for _, option := range []string{"Users", "Alerts", "Scores", "Resolver"} {
		assert.Contains(t, shell, "\n    --"+strings.ToLower(option)+")")
		assert.Contains(t, power, "[switch] $"+option+",")
		assert.Contains(t, power, ".PARAMETER "+option+"\n")
	}
	for _, name := range []string{"otelcol-defender-resolver", "RESOLVER", "SecretFile", "_CLIENT_ID", "_CLIENT_SECRET_FILE"} {
		assert.Contains(t, power, name)
	}
}

func TestAppRegistrationRefuses(t *testing.T) {
	folder := t.TempDir()
	present := filepath.Join(folder, "present")
	require.NoError(t, os.WriteFile(present, []byte("old"), 0o600))
	for want, args := range map[string][]string{
		"say --secret-file or --certificate":           {},
		"not both":                                     {"--secret-file", filepath.Join(folder, "a"), "--certificate", present},
		"exists: name a new file":                      {"--secret-file", present},
		"there is no directory":                        {"--secret-file", filepath.Join(folder, "no", "secret")},
		"--months must be a whole number from 1 to 24": {"--secret-file", filepath.Join(folder, "a"), "--months", "36"},
		"there is no option --permission":              {"--permission", "x"},
		"--resolver makes an app registration of its":  {"--secret-file", filepath.Join(folder, "a"), "--resolver", "--alerts"},
	} {
		output, calls, err := registered(t, nil, args...)
		require.Error(t, err, want)
		assert.Contains(t, output, want)
		assert.NotContains(t, strings.Join(calls, "\n"), "create", want)
	}

	file := filepath.Join(folder, "b")
	output, calls, err := registered(t, map[string]string{"KNOWN": "known-id"}, "--secret-file", file)
	require.Error(t, err)
	assert.Contains(t, output, "has an application otelcol-defender already (known-id)")
	assert.NotContains(t, strings.Join(calls, "\n"), "ad app create")

	output, _, err = registered(t, map[string]string{"REFUSALS": "100"}, "--secret-file", file)
	require.Error(t, err)
	assert.Contains(t, output, "there is no admin consent")
	assert.NoFileExists(t, file)
}
