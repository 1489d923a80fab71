package destination

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/event"
)

// Files are the files that a pattern matches.
type Files struct {
	pattern string
	opened  []*file
}

// OpenFiles opens the files of a pattern (that of filepath.Match), so that renaming them does not part them from this.
// A pattern without wildcards is a file and what was rotated from it. A file of which a compressed copy stands beside it is
// read once.
func OpenFiles(pattern string) (*Files, error) {
	f := &Files{pattern: pattern}
	// A file that is rotated away while they are opened is found when they are looked for again.
	for before := -1; before < len(f.opened); {
		before = len(f.opened)
		paths, err := matching(pattern)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		for _, path := range withoutCopies(paths) {
			if err := f.open(path); err != nil {
				return nil, errors.Join(err, f.Close())
			}
		}
	}
	if len(f.opened) == 0 {
		return nil, fmt.Errorf("no file matches %q: name the file that the exporter writes, or a pattern in quotes, e.g. 'file:/var/lib/x/total-events*'", pattern)
	}
	return f, nil
}

// matching are the paths of a pattern, and of what was rotated from the file that it names: the exporter puts the time
// between a name and its extension, other programs a number or a date behind it.
func matching(pattern string) ([]string, error) {
	patterns := []string{pattern}
	if !strings.ContainsAny(pattern, `*?[\`) {
		extension := filepath.Ext(pattern)
		stem := strings.TrimSuffix(pattern, extension)
		patterns = append(patterns, pattern+".gz", pattern+".zst", pattern+".[0-9]*", pattern+"-[0-9]*", stem+"-[0-9]*"+extension, stem+"-[0-9]*"+extension+".*")
	}
	var paths []string
	for _, p := range patterns {
		found, err := filepath.Glob(p)
		if err != nil {
			return nil, fmt.Errorf("%q is no pattern of files: %w", pattern, err)
		}
		paths = append(paths, found...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// withoutCopies leaves out a compressed copy of a file that is still there: the copy may not be whole.
func withoutCopies(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		for _, suffix := range []string{".gz", ".zst", ".tmp"} {
			if original, ok := strings.CutSuffix(path, suffix); ok && slices.Contains(paths, original) {
				return true
			}
		}
		return false
	})
}

func (f *Files) open(path string) error {
	opened, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it was renamed or removed meanwhile
	}
	if err != nil {
		return fmt.Errorf("open a file of the destination: %w", err)
	}
	info, err := opened.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open a file of the destination: %w", err), opened.Close())
	}
	known := func(other *file) bool { return os.SameFile(other.info, info) }
	if info.IsDir() || slices.ContainsFunc(f.opened, known) {
		return opened.Close()
	}
	f.opened = append(f.opened, &file{path: path, File: opened, info: info})
	return nil
}

// Close closes the files.
func (f *Files) Close() error {
	var errs []error
	for _, opened := range f.opened {
		errs = append(errs, opened.Close())
	}
	f.opened = nil
	return errors.Join(errs...)
}

// Read implements Destination.
func (f *Files) Read(ctx context.Context, take Take) (*Stats, error) {
	stats := &Stats{}
	var p payloads
	for i, opened := range f.opened {
		err := opened.payloads(func(position int64, payload []byte, broken error) error {
			place := comparison.Place{Number: uint32(i), Position: position} //nolint:gosec // there are fewer files
			refuse := func(err error) { stats.unreadable(f.Show(place), err) }
			if broken != nil {
				refuse(broken)
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			return p.read(payload, func(e event.Event) error {
				stats.Events++
				return take(e, place)
			}, refuse)
		})
		if err != nil {
			return stats, err
		}
	}
	return stats, nil
}

// Show implements Destination: the file, and in it the line, or which message it is.
func (f *Files) Show(place comparison.Place) string {
	if int(place.Number) >= len(f.opened) {
		return ""
	}
	return fmt.Sprintf("%s:%d", f.opened[place.Number].path, place.Position)
}
