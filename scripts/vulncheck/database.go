package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

const databaseModule = "golang.org/x/vulndb"

// osvEntry is what the indexes need of an entry of the database (https://ossf.github.io/osv-schema/).
type osvEntry struct {
	ID       string   `json:"id"`
	Modified string   `json:"modified"`
	Aliases  []string `json:"aliases,omitempty"`
	Affected []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
	} `json:"affected"`
}

// vulnerabilityIndex is an element of index/vulns.json. An element of modules.json could also have the version that mends
// everything; govulncheck then skips the entry unread. It is left out: only the entry's own ranges decide.
type vulnerabilityIndex struct {
	ID       string   `json:"id"`
	Modified string   `json:"modified"`
	Aliases  []string `json:"aliases,omitempty"`
}

type moduleIndex struct {
	Path            string               `json:"path"`
	Vulnerabilities []vulnerabilityIndex `json:"vulns"`
}

// fetchDatabase writes that version of the database to the folder `to` and returns how many entries it has.
func fetchDatabase(version, to string) (int, error) {
	from, err := download(databaseModule + "@" + version)
	if err != nil {
		return 0, err
	}
	return writeDatabase(filepath.Join(from, "data", "osv"), to)
}

// download returns the folder of the module cache that holds the module.
func download(module string) (string, error) {
	command := exec.Command("go", "mod", "download", "-json", module)
	output, runErr := command.Output()
	var result struct{ Dir, Error string }
	if err := json.Unmarshal(output, &result); err != nil {
		return "", fmt.Errorf("download %s: %w", module, errors.Join(runErr, err))
	}
	if result.Error != "" {
		return "", fmt.Errorf("download %s: %s", module, result.Error)
	}
	return result.Dir, nil
}

// writeDatabase turns a folder of OSV files into the layout of https://go.dev/doc/security/vuln/database.
func writeDatabase(from, to string) (int, error) {
	files, err := filepath.Glob(filepath.Join(from, "*.json"))
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, fmt.Errorf("%s holds no entries", from)
	}
	for _, folder := range []string{"ID", "index"} {
		if err := os.MkdirAll(filepath.Join(to, folder), 0o700); err != nil {
			return 0, err
		}
	}
	var all []vulnerabilityIndex
	modules := make(map[string][]vulnerabilityIndex)
	newest := ""
	for _, file := range files {
		entry, err := copyEntry(file, filepath.Join(to, "ID"))
		if err != nil {
			return 0, err
		}
		all = append(all, vulnerabilityIndex{entry.ID, entry.Modified, entry.Aliases})
		newest = max(newest, entry.Modified)
		for _, module := range entry.modules() {
			modules[module] = append(modules[module], vulnerabilityIndex{ID: entry.ID, Modified: entry.Modified})
		}
	}
	return len(all), errors.Join(
		writeIndex(to, "db.json", map[string]string{"modified": newest}),
		writeIndex(to, "vulns.json", all),
		writeIndex(to, "modules.json", sortedModules(modules)))
}

func copyEntry(file, to string) (osvEntry, error) {
	var entry osvEntry
	content, err := os.ReadFile(file)
	if err != nil {
		return entry, err
	}
	if err := json.Unmarshal(content, &entry); err != nil {
		return entry, fmt.Errorf("read %s: %w", file, err)
	}
	return entry, os.WriteFile(filepath.Join(to, filepath.Base(file)), content, 0o600)
}

// modules are the modules that the entry is about, each once.
func (e osvEntry) modules() []string {
	var names []string
	for _, affected := range e.Affected {
		names = append(names, affected.Package.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func sortedModules(modules map[string][]vulnerabilityIndex) []moduleIndex {
	var sorted []moduleIndex
	for path, vulnerabilities := range modules {
		sorted = append(sorted, moduleIndex{path, vulnerabilities})
	}
	slices.SortFunc(sorted, func(a, b moduleIndex) int { return cmp.Compare(a.Path, b.Path) })
	return sorted
}

func writeIndex(to, name string, content any) error {
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "index", name), data, 0o600)
}
