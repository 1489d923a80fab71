package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// product begins the names of all that is released.
const product = "otelcol-defender"

// target is an operating system and an architecture, as Go names them.
type target struct{ system, architecture string }

// release is what is packed.
type release struct {
	version, commit string
	time            time.Time // of all files
	stage, out      string
	platforms       []target
}

func (r release) name() string { return product + "_" + r.version }

func (r release) archiveName(p target) string {
	suffix := ".tar.gz"
	if p.system == "windows" {
		suffix = ".zip"
	}
	return r.name() + "_" + p.system + "_" + p.architecture + suffix
}

func (r release) bin(p target) string {
	return filepath.Join(r.stage, "bin", p.system+"_"+p.architecture)
}

// notices is where the licences of dependencies are written, beside what was built.
func (r release) notices() string { return filepath.Join(r.stage, "THIRD_PARTY_NOTICES.txt") }

// programs are the directories of what was built.
func (r release) programs() (directories []string) {
	for _, p := range r.platforms {
		directories = append(directories, r.bin(p))
	}
	return directories
}

// file is what goes into an archive or a layer: a copy of source, or content, or a directory.
type file struct {
	name    string // with slashes; a directory ends with one
	source  string
	content []byte
	mode    fs.FileMode
	owner   int // user and group
}

func (f file) read() ([]byte, error) {
	if f.source == "" {
		return f.content, nil
	}
	content, err := os.ReadFile(f.source)
	if err != nil {
		return nil, fmt.Errorf("read what goes into %s: %w", f.name, err)
	}
	return content, nil
}

// archiveFiles are the programs of a platform and what a user reads, under one directory.
func (r release) archiveFiles(p target) ([]file, error) {
	root := r.name() + "_" + p.system + "_" + p.architecture
	programs, err := tree(r.bin(p), root, 0o755)
	if err != nil {
		return nil, err
	}
	all := append([]file{{name: root + "/", mode: 0o755}}, programs...)
	for _, directory := range []struct{ source, name string }{
		{"config", "config"},
		{filepath.Join(r.stage, "share", "completions"), "completions"},
		{filepath.Join(r.stage, "share", "man"), "man"},
	} {
		found, err := tree(directory.source, path.Join(root, directory.name), 0o644)
		if err != nil {
			return nil, err
		}
		all = append(all, file{name: path.Join(root, directory.name) + "/", mode: 0o755})
		all = append(all, found...)
	}
	for _, name := range []string{"README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "docs/install.md"} {
		all = append(all, file{name: path.Join(root, path.Base(name)), source: name, mode: 0o644})
	}
	return append(all, file{name: path.Join(root, "THIRD_PARTY_NOTICES.txt"), source: r.notices(), mode: 0o644}), nil
}

// tree are the files of a directory, in order of their names.
func tree(directory, into string, mode fs.FileMode) (files []file, err error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, fmt.Errorf("list what goes into %s: %w", into, err)
	}
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			files = append(files, file{name: path.Join(into, entry.Name()), source: filepath.Join(directory, entry.Name()), mode: mode})
		}
	}
	return files, nil
}
