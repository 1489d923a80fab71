//go:build dist && linux

package packaging

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/version"
)

var (
	root = filepath.Join("..", "..")
	dist = filepath.Join(root, "dist")
)

// released begins the names of what is in dist/.
const released = "otelcol-defender_" + version.Number

func TestChecksums(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	require.NoError(t, err)
	sums := map[string]string{}
	for line := range strings.Lines(string(content)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		sums[name] = sum
	}
	entries, err := os.ReadDir(dist)
	require.NoError(t, err)
	require.Greater(t, len(entries), 1)
	for _, entry := range entries {
		if entry.Name() == "SHA256SUMS" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dist, entry.Name()))
		require.NoError(t, err)
		sum := sha256.Sum256(content)
		assert.Equal(t, sums[entry.Name()], hex.EncodeToString(sum[:]), entry.Name())
	}
}

// The archive of this platform has all programs. They are static, name their commit, and know nothing of the machine that
// built them.
func TestArchive(t *testing.T) {
	name := released + "_linux_" + runtime.GOARCH
	in := t.TempDir()
	unpack(t, filepath.Join(dist, name+".tar.gz"), in)
	at := filepath.Join(in, name)
	for _, file := range []string{
		"README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "install.md", "THIRD_PARTY_NOTICES.txt", "config/file.yaml",
		"completions/defenderctl.zsh", "man/defenderctl-check.1.gz",
	} {
		assert.FileExists(t, filepath.Join(at, file))
	}
	here, err := filepath.Abs(root)
	require.NoError(t, err)
	for _, program := range []string{"otelcol-defender", "defenderctl", "defendersim", "demo"} {
		path := filepath.Join(at, program)
		isStatic(t, path)
		if linked(t) {
			t.Log("the commit in the programs was not tested: Go stamps none in a linked worktree of git")
		} else {
			assert.Equal(t, commit(t), stamped(t, path), program)
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.False(t, bytes.Contains(content, []byte(here+"/")), "%s names the directory that it was built in", program)
		out, err := exec.CommandContext(t.Context(), path, "--version").CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Equal(t, program+" version "+version.Number+"\n", string(out))
	}
}

// The demo runs where the archive was unpacked.
func TestDemoOfTheArchive(t *testing.T) {
	name := released + "_linux_" + runtime.GOARCH
	in := t.TempDir()
	unpack(t, filepath.Join(dist, name+".tar.gz"), in)
	command := exec.CommandContext(t.Context(), "./demo", "-duration", "20s", "-port-base", "23400")
	command.Dir = filepath.Join(in, name)
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.FileExists(t, filepath.Join(in, name, "out", "total-events.ndjson"))
}

// The list of components names each module of the programs, with its licence; so do the notices.
func TestListOfComponents(t *testing.T) {
	file, err := os.Open(filepath.Join(dist, released+".sbom.cdx.json"))
	require.NoError(t, err)
	defer file.Close()
	bom := new(cdx.BOM)
	require.NoError(t, cdx.NewBOMDecoder(file, cdx.BOMFileFormatJSON).Decode(bom))
	assert.Equal(t, version.Number, bom.Metadata.Component.Version)
	notices, err := os.ReadFile(filepath.Join(root, "bin", "release", "THIRD_PARTY_NOTICES.txt"))
	require.NoError(t, err)
	listed := map[string]string{}
	for _, component := range *bom.Components {
		listed[component.Name] = component.Version
		assert.NotEmpty(t, component.Licenses, component.Name)
		assert.Contains(t, string(notices), "\n"+component.Name+" "+component.Version+" (", component.Name)
	}
	programs, err := filepath.Glob(filepath.Join(root, "bin", "release", "bin", "*", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, programs)
	for _, program := range programs {
		info, err := buildinfo.ReadFile(program)
		require.NoError(t, err)
		assert.Equal(t, info.GoVersion, listed["std"])
		for _, module := range info.Deps {
			assert.Equal(t, module.Version, listed[module.Path], module.Path)
		}
	}
}

func unpack(t *testing.T, archive, into string) {
	t.Helper()
	file, err := os.Open(archive)
	require.NoError(t, err)
	defer file.Close()
	content, err := gzip.NewReader(bufio.NewReader(file))
	require.NoError(t, err)
	unpackTar(t, content, into)
}

func unpackTar(t *testing.T, from io.Reader, into string) {
	t.Helper()
	content := tar.NewReader(from)
	for {
		header, err := content.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		require.True(t, filepath.IsLocal(header.Name), header.Name)
		path := filepath.Join(into, header.Name)
		switch header.Typeflag {
		case tar.TypeDir:
			require.NoError(t, os.MkdirAll(path, 0o755))
		case tar.TypeReg:
			file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, header.FileInfo().Mode())
			require.NoError(t, err)
			_, err = io.Copy(file, content)
			require.NoError(t, err)
			require.NoError(t, file.Close())
		default:
			require.Failf(t, "neither a file nor a directory", "%s has type %c", header.Name, header.Typeflag)
		}
		if os.Geteuid() == 0 {
			require.NoError(t, os.Chown(path, header.Uid, header.Gid))
		}
		require.NoError(t, os.Chmod(path, header.FileInfo().Mode()))
	}
}

func isStatic(t *testing.T, path string) {
	t.Helper()
	file, err := elf.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	for _, program := range file.Progs {
		assert.NotEqual(t, elf.PT_INTERP, program.Type, "%s needs a dynamic loader", path)
	}
}

// stamped is the commit that Go has written into a program.
func stamped(t *testing.T, path string) string {
	t.Helper()
	info, err := buildinfo.ReadFile(path)
	require.NoError(t, err)
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return ""
}

// linked is whether the sources are a linked worktree, which `git worktree` makes.
func linked(t *testing.T) bool {
	t.Helper()
	info, err := os.Stat(filepath.Join(root, ".git"))
	require.NoError(t, err)
	return !info.IsDir()
}

func commit(t *testing.T) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", "rev-parse", "HEAD")
	command.Dir = root
	out, err := command.Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}
