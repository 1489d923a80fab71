//go:build dist && linux

package packaging

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/version"
)

// imageUser is who the image runs as.
const imageUser = 10001

// fewestRoots is far below what Mozilla's list has, and above what a cut one would have.
const fewestRoots = 80

func TestImage(t *testing.T) {
	index := readIndex(t)
	require.NoError(t, validate.Index(index))
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	require.NotEmpty(t, manifest.Manifests)
	assert.Equal(t, commit(t), manifest.Annotations["org.opencontainers.image.revision"])
	for _, described := range manifest.Manifests {
		t.Run(described.Platform.Architecture, func(t *testing.T) {
			image, err := index.Image(described.Digest)
			require.NoError(t, err)
			hasConfiguration(t, image, described.Platform.Architecture)
			at := t.TempDir()
			unpackTar(t, mutate.Extract(image), at)
			hasFiles(t, at)
			if described.Platform.Architecture == runtime.GOARCH {
				runs(t, at)
			}
		})
	}
}

// readIndex reads the archive back: the index of images that the layout's own index names.
func readIndex(t *testing.T) v1.ImageIndex {
	t.Helper()
	at := t.TempDir()
	file, err := os.Open(filepath.Join(dist, released+"_image.tar"))
	require.NoError(t, err)
	defer file.Close()
	unpackTar(t, file, at)
	named, err := layout.ImageIndexFromPath(at)
	require.NoError(t, err)
	manifest, err := named.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 1)
	assert.Equal(t, version.Number, manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"])
	index, err := named.ImageIndex(manifest.Manifests[0].Digest)
	require.NoError(t, err)
	return index
}

func hasConfiguration(t *testing.T, image v1.Image, architecture string) {
	t.Helper()
	file, err := image.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, "linux", file.OS)
	assert.Equal(t, architecture, file.Architecture)
	assert.Equal(t, "10001:10001", file.Config.User)
	assert.Equal(t, []string{"/usr/bin/otelcol-defender"}, file.Config.Entrypoint)
	assert.Equal(t, []string{"--config", config}, file.Config.Cmd)
	assert.Contains(t, file.Config.Volumes, "/var/lib/otelcol-defender")
	assert.Equal(t, version.Number, file.Config.Labels["org.opencontainers.image.version"])
	assert.Equal(t, commit(t), file.Config.Labels["org.opencontainers.image.revision"])
	assert.Equal(t, "Apache-2.0", file.Config.Labels["org.opencontainers.image.licenses"])
}

func hasFiles(t *testing.T, at string) {
	t.Helper()
	for _, program := range []string{collector, ctl} {
		isStatic(t, filepath.Join(at, program))
	}
	text, err := os.ReadFile(filepath.Join(at, "etc/ssl/certs/ca-certificates.crt"))
	require.NoError(t, err)
	roots := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		assert.True(t, certificate.IsCA)
		roots++
	}
	assert.Greater(t, roots, fewestRoots)
	// Microsoft's hosts have certificates of DigiCert and of Microsoft.
	for _, name := range []string{"DigiCert Global Root G2", "Microsoft RSA Root Certificate Authority 2017"} {
		assert.True(t, hasRoot(t, text, name), name)
	}
	if os.Geteuid() != 0 {
		return // files belong to who unpacks them
	}
	info, err := os.Stat(filepath.Join(at, "var/lib/otelcol-defender"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o750), info.Mode().Perm())
	status, ok := info.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	assert.EqualValues(t, imageUser, status.Uid)
	temporary, err := os.Stat(filepath.Join(at, "tmp"))
	require.NoError(t, err)
	assert.Equal(t, os.ModeDir|os.ModeSticky|0o777, temporary.Mode())
}

func hasRoot(t *testing.T, text []byte, name string) bool {
	t.Helper()
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if bytes.Contains(block.Bytes, []byte(name)) {
			return true
		}
	}
	return false
}

// runs starts the programs in the files of the image, as its user.
func runs(t *testing.T, at string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Log("the image was not run: only root can change the root directory")
		return
	}
	for dir := at; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o755)) // the user walks through them
	}
	run := func(environment []string, program string, arguments ...string) (string, error) {
		command := exec.CommandContext(t.Context(), program, arguments...)
		command.Dir = "/"
		command.Env = environment
		command.SysProcAttr = &syscall.SysProcAttr{Chroot: at, Credential: &syscall.Credential{Uid: imageUser, Gid: imageUser}}
		out, err := command.CombinedOutput()
		return string(out), err
	}
	for program, name := range map[string]string{collector: "otelcol-defender", ctl: "defenderctl"} {
		out, err := run(nil, program, "--version")
		require.NoError(t, err, out)
		assert.Equal(t, name+" version "+version.Number+"\n", out)
	}
	require.NoError(t, os.WriteFile(filepath.Join(at, "tmp", "secret"), []byte("secret"), 0o644))
	out, err := run([]string{
		"DEFENDER_TENANT_ID=11111111-2222-4333-8444-555555555555", "DEFENDER_CLIENT_ID=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
		"DEFENDER_CLIENT_SECRET_FILE=/tmp/secret", "TOTAL_DOMAIN_ID=acme",
	}, collector, "validate", "--config", config)
	require.NoError(t, err, out)
	out, err = run(nil, collector, "validate", "--config", config)
	require.Error(t, err)
	assert.Contains(t, out, "tenant_id")
}
