package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user is who the image runs as, user and group.
const user = 10001

const (
	configPath = "etc/otelcol-defender/config.yaml"
	statePath  = "var/lib/otelcol-defender/"
	docPath    = "usr/share/doc/otelcol-defender"
)

// writeImage writes an index with an image for each platform of Linux; nothing, if there is none.
func writeImage(archive string, r release) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	platforms := 0
	for _, p := range r.platforms {
		if p.system != "linux" {
			continue
		}
		platforms++
		image, err := makeImage(r, p)
		if err != nil {
			return fmt.Errorf("make the image of %s: %w", p.architecture, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: p.system, Architecture: p.architecture},
		}})
	}
	if platforms == 0 {
		return nil
	}
	index, ok := mutate.Annotations(index, r.labels()).(v1.ImageIndex)
	if !ok {
		return fmt.Errorf("annotate the index of %d images", platforms)
	}
	return writeLayout(archive, index, r)
}

// writeLayout writes the index as an archive of an OCI layout.
func writeLayout(archive string, index v1.ImageIndex, r release) error {
	directory, err := os.MkdirTemp("", "image")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(directory) }()
	at, err := layout.Write(directory, empty.Index)
	if err != nil {
		return fmt.Errorf("begin the image's layout: %w", err)
	}
	if err := at.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.version})); err != nil {
		return fmt.Errorf("write the image's layout: %w", err)
	}
	files, err := layoutFiles(directory)
	if err != nil {
		return err
	}
	out, err := os.Create(archive)
	if err != nil {
		return fmt.Errorf("create the image's archive: %w", err)
	}
	if err := writeTar(out, files, r.time); err != nil {
		_ = out.Close()
		return fmt.Errorf("write the image's archive: %w", err)
	}
	return out.Close()
}

// layoutFiles are all files of a layout, in order.
func layoutFiles(directory string) (files []file, err error) {
	err = filepath.WalkDir(directory, func(source string, entry fs.DirEntry, err error) error {
		if err != nil || source == directory {
			return err
		}
		name, err := filepath.Rel(directory, source)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			files = append(files, file{name: filepath.ToSlash(name) + "/", mode: 0o755})
		} else {
			files = append(files, file{name: filepath.ToSlash(name), source: source, mode: 0o644})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the image's layout: %w", err)
	}
	return files, nil
}

func makeImage(r release, p target) (v1.Image, error) {
	system, err := systemFiles(r, p)
	if err != nil {
		return nil, err
	}
	// A volume that is mounted there for the first time gets the owner of the directory.
	state := []file{
		{name: "var/", mode: 0o755},
		{name: "var/lib/", mode: 0o755},
		{name: statePath, mode: 0o750, owner: user},
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, layer := range []struct {
		files   []file
		comment string
	}{{system, "the programs, and what they need of a system"}, {state, "the directory of cursors and events"}} {
		if image, err = appendLayer(image, layer.files, layer.comment, r.time); err != nil {
			return nil, err
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read the image's configuration: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = p.system, p.architecture, v1.Time{Time: r.time}
	config.Config = v1.Config{
		User:         fmt.Sprintf("%d:%d", user, user),
		Entrypoint:   []string{"/usr/bin/otelcol-defender"},
		Cmd:          []string{"--config", "/" + configPath},
		Env:          []string{"PATH=/usr/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
		WorkingDir:   "/" + path.Clean(statePath),
		Volumes:      map[string]struct{}{"/" + path.Clean(statePath): {}},
		ExposedPorts: map[string]struct{}{"8888/tcp": {}, "13133/tcp": {}, "13134/tcp": {}, "13135/tcp": {}},
		Labels:       r.labels(),
		StopSignal:   "SIGTERM",
	}
	return mutate.ConfigFile(image, config)
}

func appendLayer(image v1.Image, files []file, comment string, at time.Time) (v1.Image, error) {
	var content bytes.Buffer
	if err := writeTar(&content, files, at); err != nil {
		return nil, fmt.Errorf("write a layer: %w", err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("compress a layer: %w", err)
	}
	return mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{
		Created: v1.Time{Time: at}, CreatedBy: "make dist", Comment: comment,
	}})
}

// systemFiles are the programs, the configurations, and what a program expects of any system.
func systemFiles(r release, p target) ([]file, error) {
	roots, err := certificates()
	if err != nil {
		return nil, err
	}
	const examples = "usr/share/doc/otelcol-defender/config"
	configurations, err := tree("config", examples, 0o644)
	if err != nil {
		return nil, err
	}
	files := []file{
		{name: "etc/", mode: 0o755},
		{name: "etc/group", content: fmt.Appendf(nil, "root:x:0:\n%s:x:%d:\n", product, user), mode: 0o644},
		{name: "etc/otelcol-defender/", mode: 0o755},
		{name: configPath, source: filepath.Join("config", "file.yaml"), mode: 0o644},
		{name: "etc/passwd", content: fmt.Appendf(nil, "root:x:0:0:root:/root:/sbin/nologin\n%[1]s:x:%[2]d:%[2]d:%[1]s:/%[3]s:/sbin/nologin\n",
			product, user, path.Clean(statePath)), mode: 0o644},
		{name: "etc/ssl/", mode: 0o755},
		{name: "etc/ssl/certs/", mode: 0o755},
		{name: "etc/ssl/certs/ca-certificates.crt", content: roots, mode: 0o644},
		{name: "tmp/", mode: 0o1777},
		{name: "usr/", mode: 0o755},
		{name: "usr/bin/", mode: 0o755},
		{name: "usr/bin/defenderctl", source: filepath.Join(r.bin(p), "defenderctl"), mode: 0o755},
		{name: "usr/bin/otelcol-defender", source: filepath.Join(r.bin(p), "otelcol-defender"), mode: 0o755},
		{name: "usr/share/", mode: 0o755},
		{name: "usr/share/doc/", mode: 0o755},
		{name: docPath + "/", mode: 0o755},
		{name: docPath + "/LICENSE", source: "LICENSE", mode: 0o644},
		{name: docPath + "/THIRD_PARTY_NOTICES.txt", source: r.notices(), mode: 0o644},
		{name: examples + "/", mode: 0o755},
	}
	return append(files, configurations...), nil
}

// labels say of an image what it is and where it is from.
func (r release) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       product,
		"org.opencontainers.image.description": "Microsoft Defender's hunting tables as TOTAL events, by an OpenTelemetry Collector",
		"org.opencontainers.image.version":     r.version,
		"org.opencontainers.image.revision":    r.commit,
		"org.opencontainers.image.created":     r.time.Format(time.RFC3339),
		"org.opencontainers.image.source":      "https://github.com/otelcol-defender/otelcol-defender",
		"org.opencontainers.image.licenses":    "Apache-2.0",
	}
}
