package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var at = time.Unix(1700000000, 0).UTC()

// The time and the owner of a source do not reach an archive.
func TestArchivesAreTheSameBytes(t *testing.T) {
	for _, name := range []string{"x.tar.gz", "x.zip"} {
		var written [2][]byte
		for i := range written {
			dir := t.TempDir()
			source := filepath.Join(dir, "program")
			require.NoError(t, os.WriteFile(source, []byte("content"), 0o600))
			require.NoError(t, os.Chtimes(source, at.Add(time.Duration(i)*time.Hour), at.Add(time.Duration(i)*time.Hour)))
			path := filepath.Join(dir, name)
			require.NoError(t, writeArchive(path, []file{{name: "d/", mode: 0o755}, {name: "d/program", source: source, mode: 0o755}}, at))
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			written[i] = content
		}
		assert.Equal(t, written[0], written[1], name)
	}
}

func TestTarHasModesAndOwners(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, writeTarGz(&out, []file{{name: "state/", mode: 0o750, owner: user}, {name: "tmp/", mode: 0o1777}}, at))
	content, err := gzip.NewReader(&out)
	require.NoError(t, err)
	archive := tar.NewReader(content)
	state, err := archive.Next()
	require.NoError(t, err)
	assert.Equal(t, int64(0o750), state.Mode)
	assert.Equal(t, [2]int{user, user}, [2]int{state.Uid, state.Gid})
	assert.True(t, state.ModTime.Equal(at))
	temporary, err := archive.Next()
	require.NoError(t, err)
	assert.Equal(t, int64(0o1777), temporary.Mode)
}

func TestZipHasTheTimeOfTheRelease(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, writeZip(&out, []file{{name: "d/"}, {name: "d/program", mode: 0o755}}, at))
	archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	for _, entry := range archive.File {
		assert.True(t, entry.Modified.Equal(at), entry.Name)
	}
	assert.Equal(t, os.FileMode(0o755), archive.File[1].Mode())
}

// A release is not complete without its programs.
func TestMissingProgramIsNamed(t *testing.T) {
	err := writeArchive(filepath.Join(t.TempDir(), "x.zip"), []file{{name: "d/demo", source: "nowhere/demo"}}, at)
	require.ErrorContains(t, err, "d/demo")
}

var some = []module{
	{path: "example.org/a", version: "v1.0.0", sum: "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", licences: []string{"MIT"}, texts: []string{"Permission is granted"}},
	{path: "example.org/b", version: "v2.0.0", licences: []string{"MIT"}, texts: []string{"Permission is granted"}},
	{path: "std", version: "go1.26.8", licences: []string{"BSD-3-Clause"}, texts: []string{"Redistribution", "PATENTS"}},
}

// Each licence stands there once, below all modules that have it.
func TestNotices(t *testing.T) {
	text := string(notices(some))
	assert.Equal(t, 1, strings.Count(text, "Permission is granted"))
	assert.Contains(t, text, "example.org/a v1.0.0 (MIT)\nexample.org/b v2.0.0 (MIT)\n====")
	assert.Contains(t, text, "Redistribution\n\nPATENTS\n")
	assert.Less(t, strings.Index(text, "example.org/b"), strings.Index(text, "Permission"))
}

func TestSBOM(t *testing.T) {
	r := release{version: "0.1.0", commit: "c0ffee", time: at}
	bom := sbom(r, some)
	require.Len(t, *bom.Components, len(some))
	first, std := (*bom.Components)[0], (*bom.Components)[2]
	assert.Equal(t, "pkg:golang/example.org/a@v1.0.0", first.PackageURL)
	assert.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", (*first.Hashes)[0].Value)
	assert.Equal(t, "MIT", (*first.Licenses)[0].License.ID)
	assert.Equal(t, "pkg:golang/std@1.26.8", std.PackageURL)
	assert.Nil(t, std.Hashes)
	assert.Equal(t, cdx.Property{Name: "otelcol-defender:commit", Value: "c0ffee"}, (*bom.Metadata.Component.Properties)[0])

	assert.Equal(t, bom.SerialNumber, sbom(r, some).SerialNumber)
	r.commit = "decaf"
	assert.NotEqual(t, bom.SerialNumber, sbom(r, some).SerialNumber)
}

func TestLicencesAreIdentified(t *testing.T) {
	own, err := os.ReadFile(filepath.Join("..", "..", "LICENSE"))
	require.NoError(t, err)
	assert.Equal(t, []string{"Apache-2.0"}, identify([]string{string(own)}))
	assert.Empty(t, identify([]string{"https://www.apache.org/licenses/LICENSE-2.0"}), "an address is no licence")
	assert.Empty(t, identify([]string{"Copyright Contoso, all rights reserved"}))
}

func TestLicenceFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"LICENSE": "a\r\nb\n", "NOTICE.txt": "n", "licensing.go": "package x", "COPYING": "c"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	texts, err := licenceTexts(dir)
	require.NoError(t, err)
	assert.Equal(t, []string{"c", "a\nb", "n"}, texts)
}

// A root that Mozilla trusts until a day only cannot be told from the others in a file.
func TestCertificates(t *testing.T) {
	text, err := certificates()
	require.NoError(t, err)
	assert.Greater(t, bytes.Count(text, []byte("BEGIN CERTIFICATE")), 80)
}

func TestImageOfOtherSystemsIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, writeImage(path, release{platforms: []target{{"windows", "amd64"}}}))
	assert.NoFileExists(t, path)
}

func TestNamesOfArchives(t *testing.T) {
	r := release{version: "0.1.0"}
	assert.Equal(t, "otelcol-defender_0.1.0_windows_arm64.zip", r.archiveName(target{"windows", "arm64"}))
	assert.Equal(t, "otelcol-defender_0.1.0_darwin_arm64.tar.gz", r.archiveName(target{"darwin", "arm64"}))
}
