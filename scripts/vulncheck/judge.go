package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const dayFormat = "2006-01-02"

// exceptions is the file that says against which database is checked, and what is left as it is.
type exceptions struct {
	Database   string      `yaml:"database"`
	Exceptions []exception `yaml:"exceptions"`
}

// exception allows vulnerabilities of one module until the end of a day.
type exception struct {
	IDs     []string `yaml:"ids"`
	Module  string   `yaml:"module"`  // stdlib for the standard library
	Expires string   `yaml:"expires"` // YYYY-MM-DD, the last day on which it counts (UTC)
	Reason  string   `yaml:"reason"`
}

type verdict struct {
	failures []string
	notes    []string
}

func readExceptions(file string) (exceptions, error) {
	var list exceptions
	content, err := os.ReadFile(file)
	if err != nil {
		return list, err
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(content)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&list); err != nil {
		return list, fmt.Errorf("read %s: %w", file, err)
	}
	if err := list.validate(); err != nil {
		return list, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

func (l exceptions) validate() error {
	if l.Database == "" {
		return errors.New("'database' must name a version of " + databaseModule)
	}
	for _, entry := range l.Exceptions {
		if len(entry.IDs) == 0 || entry.Module == "" || strings.TrimSpace(entry.Reason) == "" {
			return fmt.Errorf("the exception of %v in %q must have ids, module and reason", entry.IDs, entry.Module)
		}
		if _, err := time.Parse(dayFormat, entry.Expires); err != nil {
			return fmt.Errorf("the exception of %v: 'expires' must be a day, as 2027-01-31: %w", entry.IDs, err)
		}
	}
	return nil
}

// judge says which findings fail the check.
func judge(found map[place]finding, list []exception, now time.Time) verdict {
	var result verdict
	today := now.UTC().Format(dayFormat)
	used := make(map[string]bool)
	for _, at := range slices.SortedFunc(maps.Keys(found), comparePlaces) {
		here := found[at]
		i := slices.IndexFunc(list, func(e exception) bool { return e.covers(at, here.library) })
		if i < 0 {
			result.failures = append(result.failures, fmt.Sprintf("%s: %s %s in %s holds %s of %s; %s",
				at.id, at.module, here.version, here.binary, here.function, here.library, here.remedy()))
			continue
		}
		entry := list[i]
		used[at.id] = true
		if entry.Expires < today {
			result.failures = append(result.failures, fmt.Sprintf("%s: the exception for %s ended on %s (%s); %s",
				at.id, entry.Module, entry.Expires, entry.Reason, here.remedy()))
			continue
		}
		result.notes = append(result.notes, fmt.Sprintf("%s (%s): left until %s: %s", at.id, entry.Module, entry.Expires, entry.Reason))
	}
	result.notes = append(slices.Compact(result.notes), unused(list, used)...)
	return result
}

// covers says whether the exception is about this finding. The path of the package decides: govulncheck also names modules
// around the one that holds the package.
func (e exception) covers(at place, library string) bool {
	if !slices.Contains(e.IDs, at.id) {
		return false
	}
	return e.Module == at.module || library == e.Module || strings.HasPrefix(library, e.Module+"/")
}

func unused(list []exception, used map[string]bool) []string {
	var notes []string
	for _, entry := range list {
		for _, id := range entry.IDs {
			if !used[id] {
				notes = append(notes, fmt.Sprintf("%s (%s): not found here, so the exception may go", id, entry.Module))
			}
		}
	}
	return notes
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.module, b.module))
}

func (f finding) remedy() string {
	if f.fixed == "" {
		return "no version mends it"
	}
	return "mended by " + f.fixed
}
