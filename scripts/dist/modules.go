package main

import (
	"bytes"
	"cmp"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// module is a dependency of the programs, or Go's standard library.
type module struct {
	path, version, sum string
	licences           []string // identifiers of SPDX
	texts              []string
}

// readModules are the modules of all programs of the directories, by path.
func readModules(directories []string) ([]module, error) {
	found := map[string]module{}
	for _, directory := range directories {
		entries, err := os.ReadDir(directory)
		if err != nil {
			return nil, fmt.Errorf("list the programs: %w", err)
		}
		for _, entry := range entries {
			info, err := buildinfo.ReadFile(filepath.Join(directory, entry.Name()))
			if err != nil {
				return nil, fmt.Errorf("read the modules of a program: %w", err)
			}
			found["std"] = module{path: "std", version: info.GoVersion}
			for _, dependency := range info.Deps {
				if dependency.Replace != nil {
					dependency = dependency.Replace
				}
				found[dependency.Path] = module{path: dependency.Path, version: dependency.Version, sum: dependency.Sum}
			}
		}
	}
	modules := make([]module, 0, len(found))
	for _, m := range found {
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int { return cmp.Compare(a.path, b.path) })
	return modules, addLicences(modules)
}

// addLicences reads the licences of the modules where Go keeps their sources. A module without one is an error.
func addLicences(modules []module) error {
	directories, err := sources(modules)
	if err != nil {
		return err
	}
	var errs []error
	for i := range modules {
		m := &modules[i]
		if m.texts, err = licenceTexts(directories[m.path]); err != nil {
			errs = append(errs, fmt.Errorf("read the licence of %s: %w", m.path, err))
			continue
		}
		if m.licences = identify(m.texts); len(m.licences) == 0 {
			errs = append(errs, fmt.Errorf("%s@%s has no licence that is recognised in %s: look at it before it is released", m.path, m.version, directories[m.path]))
		}
	}
	return errors.Join(errs...)
}

// sources is where Go keeps each module's sources, by the module's path.
func sources(modules []module) (map[string]string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("find Go's sources: %w", err)
	}
	directories := map[string]string{"std": strings.TrimSpace(string(root))}
	arguments := []string{"mod", "download", "-json"}
	for _, m := range modules {
		if m.path != "std" {
			arguments = append(arguments, m.path+"@"+m.version)
		}
	}
	command := exec.Command("go", arguments...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("find the sources of modules: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var listed struct{ Path, Dir string }
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			return directories, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the list of modules: %w", err)
		}
		directories[listed.Path] = listed.Dir
	}
}

var licenceName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|copyright|patents)([-.].*)?$`)

// licenceTexts are the licences and notices in a module's directory.
func licenceTexts(directory string) (texts []string, err error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !licenceName.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	return texts, nil
}

// identify are the identifiers of the licences in the texts.
func identify(texts []string) (identifiers []string) {
	for _, text := range texts {
		for _, match := range licensecheck.Scan([]byte(text)).Match {
			// A licence's address or a grant of patents is no licence.
			if !match.IsURL && !strings.Contains(match.ID, "Patent") {
				identifiers = append(identifiers, match.ID)
			}
		}
	}
	slices.Sort(identifiers)
	return slices.Compact(identifiers)
}
