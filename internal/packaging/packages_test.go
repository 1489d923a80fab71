//go:build dist && linux

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/version"
)

const (
	collector   = "/usr/bin/otelcol-defender"
	ctl         = "/usr/bin/defenderctl"
	config      = "/etc/otelcol-defender/config.yaml"
	environment = "/etc/otelcol-defender/otelcol-defender.env"
	unit        = "/usr/lib/systemd/system/otelcol-defender.service"
	edit        = "# edited by an administrator"
	formerly    = "# of the version before"
)

// highestExposure is what `systemd-analyze security` may say of the unit, of 10.
const highestExposure = 2.0

// manager is how a family of systems handles packages.
type manager struct {
	program string
	get     string // how the program is had
	file    string // the package of this version
	pack    string // the packager of nfpm

	install, upgrade, remove, purge []string // what follows is a file or the name

	left      string // what the shipped form of an edited file is called after an upgrade
	afterwork string // the edited file after a removal
}

func managers() []manager {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	return []manager{{
		program: "dpkg", get: "it is of Debian", pack: "deb",
		file:    "otelcol-defender_" + version.Number + "_" + runtime.GOARCH + ".deb",
		install: []string{"dpkg", "--force-unsafe-io", "--ignore-depends=ca-certificates,passwd", "-i"},
		upgrade: []string{"dpkg", "--force-unsafe-io", "--ignore-depends=ca-certificates,passwd", "--force-confold", "-i"},
		remove:  []string{"dpkg", "-r"}, purge: []string{"dpkg", "-P"},
		left: config + ".dpkg-dist", afterwork: config,
	}, {
		program: "rpm", get: "apt-get install rpm", pack: "rpm",
		file:    "otelcol-defender-" + version.Number + "-1." + arch + ".rpm",
		install: []string{"rpm", "--nodeps", "-i"},
		upgrade: []string{"rpm", "--nodeps", "-U"},
		remove:  []string{"rpm", "-e"},
		left:    config + ".rpmnew", afterwork: config + ".rpmsave",
	}}
}

func TestLifeOfAPackage(t *testing.T) {
	for _, with := range managers() {
		t.Run(with.pack, func(t *testing.T) {
			if _, err := exec.LookPath(with.program); err != nil {
				t.Skipf("SKIPPED, nothing was tested: there is no %s (%s)", with.program, with.get)
			}
			file := filepath.Join(dist, with.file)
			require.FileExists(t, file)
			m := newMachine(t)
			m.put(formerVersion(t, with.pack), "/former")
			m.put(file, "/this")
			if with.program == "rpm" {
				m.run("rpm", "--initdb")
			}
			installs(m, with)
			upgrades(m, with)
			works(m)
			removes(m, with)
		})
	}
}

func (with manager) do(m *machine, command []string, what string) {
	m.t.Helper()
	m.run(append(append([]string{}, command...), what)...)
}

// A first install makes the user, and files that only it and root can read.
func installs(m *machine, with manager) {
	m.t.Helper()
	with.do(m, with.install, "/former")
	assert.Equal(m.t, "former\n", m.run(collector))
	assert.Contains(m.t, m.run("getent", "passwd", "otelcol-defender"), ":/var/lib/otelcol-defender:/usr/sbin/nologin")
	for _, path := range []string{config, environment} {
		assert.Equal(m.t, "640 root otelcol-defender\n", m.run("stat", "-c", "%a %U %G", path), path)
	}
	assert.Contains(m.t, m.run("cat", environment), formerly)
}

// An upgrade keeps what was edited and replaces what was not.
func upgrades(m *machine, with manager) {
	m.t.Helper()
	m.run("sh", "-c", "echo '"+edit+"' >>"+config)
	with.do(m, with.upgrade, "/this")
	assert.Contains(m.t, m.run("cat", config), edit)
	assert.NotContains(m.t, m.run("cat", with.left), formerly)
	assert.NotContains(m.t, m.run("cat", environment), formerly)
	for _, path := range []string{config, environment} {
		assert.Equal(m.t, "640 root otelcol-defender\n", m.run("stat", "-c", "%a %U %G", path), path)
	}
}

// The programs run as the user of the package, and read the configuration of the package.
func works(m *machine) {
	m.t.Helper()
	assert.Equal(m.t, "otelcol-defender version "+version.Number+"\n", m.run(collector, "--version"))
	assert.Equal(m.t, "defenderctl version "+version.Number+"\n", m.run(ctl, "--version"))
	m.run("sh", "-c", "echo secret >/secret; install -m 0640 -g otelcol-defender /secret /etc/otelcol-defender/client-secret")
	m.run("install", "-d", "-o", "otelcol-defender", "-m", "0750", "/var/lib/otelcol-defender")
	validate := "set -a; . " + environment + "; DEFENDER_TENANT_ID=11111111-2222-4333-8444-555555555555 " +
		"DEFENDER_CLIENT_ID=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee TOTAL_DOMAIN_ID=acme; exec " + collector + " validate --config " + config
	m.run("setpriv", "--reuid", "otelcol-defender", "--regid", "otelcol-defender", "--clear-groups", "sh", "-c", validate)
	assert.Contains(m.t, m.fails("setpriv", "--reuid", "otelcol-defender", "--regid", "otelcol-defender", "--clear-groups",
		"sh", "-c", "set -a; . "+environment+"; exec "+collector+" validate --config "+config), "tenant_id")
	assert.Contains(m.t, m.run("sh", "-c", "gunzip -c /usr/share/man/man1/defenderctl.1.gz"), "defenderctl")
	assert.Contains(m.t, m.run("bash", "-c", ". /usr/share/bash-completion/completions/defenderctl && complete -p defenderctl"), "defenderctl")
	judgeUnit(m)
}

// A removal takes the programs and leaves what an administrator wrote; a purge takes the configuration too. Events and
// cursors stay.
func removes(m *machine, with manager) {
	m.t.Helper()
	m.run("touch", "/var/lib/otelcol-defender/total-events.ndjson")
	with.do(m, with.remove, "otelcol-defender")
	for _, path := range []string{collector, ctl, unit} {
		m.fails("test", "-e", path)
	}
	assert.Contains(m.t, m.run("cat", with.afterwork), edit)
	if with.purge != nil {
		with.do(m, with.purge, "otelcol-defender")
		m.fails("test", "-e", config)
		m.fails("test", "-e", environment)
	}
	m.run("test", "-e", "/var/lib/otelcol-defender/total-events.ndjson")
}

var exposure = regexp.MustCompile(`Overall exposure level for otelcol-defender\.service: ([0-9.]+)`)

func judgeUnit(m *machine) {
	m.t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		m.t.Log("the unit was not judged: there is no systemd-analyze")
		return
	}
	assert.Empty(m.t, strings.TrimSpace(m.run("systemd-analyze", "verify", "--man=no", unit)))
	told := exposure.FindStringSubmatch(m.run("systemd-analyze", "security", "--no-pager", "--offline=true", unit))
	require.NotNil(m.t, told)
	level, err := strconv.ParseFloat(told[1], 64)
	require.NoError(m.t, err)
	assert.LessOrEqual(m.t, level, highestExposure)
	m.t.Logf("exposure of the unit: %.1f", level)
}

// formerVersion packs a version before this one, with programs that print their age, and with other configuration files.
func formerVersion(t *testing.T, packager string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"packaging", "config", "LICENSE", "README.md", "CHANGELOG.md"} {
		out, err := exec.CommandContext(t.Context(), "cp", "-r", filepath.Join(root, name), dir).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	for _, name := range []string{"config/file.yaml", "packaging/otelcol-defender.env"} {
		path := filepath.Join(dir, name)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, append(content, "\n"+formerly+"\n"...), 0o644))
	}
	for _, program := range []string{"otelcol-defender", "defenderctl"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\necho former\n"), 0o755))
	}
	stage, err := filepath.Abs(filepath.Join(root, "bin", "release"))
	require.NoError(t, err)
	file := filepath.Join(dir, "former."+packager)
	command := exec.CommandContext(t.Context(), filepath.Join(stage, "nfpm"), "package",
		"--config", "packaging/nfpm.yaml", "--packager", packager, "--target", file)
	command.Dir = dir
	command.Env = append(os.Environ(), "VERSION=0.0.1", "GOARCH="+runtime.GOARCH, "STAGE="+dir, "SHARE="+filepath.Join(stage, "share"),
		"NOTICES="+filepath.Join(stage, "THIRD_PARTY_NOTICES.txt"))
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	return file
}
