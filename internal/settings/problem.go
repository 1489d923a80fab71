package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

const delimiter = "::"

// Problem is what is wrong with one setting.
type Problem struct {
	Key  string // the full path, e.g. tables::DeviceEvents::columns
	Text string // what is wrong and what to do, e.g. "is 0: it must be greater than zero"

	// meant is the key that an unknown one was probably meant to be.
	meant string
	// missing: something below the key is not there.
	missing bool
}

func (p Problem) Error() string { return "'" + p.Key + "' " + p.Text }

// Problemf returns a Problem of the key.
func Problemf(key, format string, args ...any) error {
	return Problem{Key: key, Text: fmt.Sprintf(format, args...)}
}

// Missingf returns a Problem of the key, below which something is not there. It is left out where a key below is wrong.
func Missingf(key, format string, args ...any) error {
	return Problem{Key: key, Text: fmt.Sprintf(format, args...), missing: true}
}

// Under puts the prefix before the key of every Problem that err joins.
func Under(prefix string, err error) error {
	var all []error
	for _, e := range flatten(err) {
		if p := (Problem{}); errors.As(e, &p) {
			p.Key = join(prefix, p.Key)
			e = p
		} else {
			e = fmt.Errorf("'%s': %w", prefix, e)
		}
		all = append(all, e)
	}
	return errors.Join(all...)
}

// Unreadable is the problem of a key that names a file which cannot be read. The path is not repeated where it could be
// a secret that somebody wrote in its place.
func Unreadable(key, path string, err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err
	}
	if strings.ContainsAny(path, `/\`) {
		path = " " + path
	} else {
		path = ""
	}
	return fmt.Errorf("'%s' names a file%s that cannot be read (check the path, and the rights of the collector's user): %w", key, path, err)
}

// EmptyHint is added to what is said about an empty value.
const EmptyHint = "if it is set from an environment variable, that variable is not set"

// Written is what a user wrote, as far as the decoded configuration does not show it. Nil is valid: nothing is wrong.
type Written struct {
	problems []Problem
	empty    map[string]bool
}

// Empty reports whether the key is written, but without a value.
func (w *Written) Empty(key string) bool { return w != nil && w.empty[key] }

// Report joins the decoder's problems and those that Validate has found. It leaves out those that follow from others.
func (w *Written) Report(found ...error) error {
	var all report
	if w == nil {
		w = &Written{}
	}
	for _, p := range w.problems {
		all = append(all, p)
	}
	for _, e := range flatten(errors.Join(found...)) {
		if p := (Problem{}); !errors.As(e, &p) || !slices.ContainsFunc(w.problems, p.follows) {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// report is all that is wrong with one component. The Collector writes the component's path before it.
type report []error

func (r report) Error() string {
	if len(r) == 1 {
		return r[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d problems:", len(r))
	for _, e := range r {
		b.WriteString("\n  - " + e.Error())
	}
	return b.String()
}

func (r report) Unwrap() []error { return r }

// follows reports whether p may be wrong only because cause is.
func (p Problem) follows(cause Problem) bool {
	for _, key := range []string{cause.Key, cause.meant} {
		if key != "" && (within(p.Key, key) || p.missing && within(key, p.Key)) {
			return true
		}
	}
	return false
}

// within reports whether the key is path or below it.
func within(key, path string) bool { return key == path || strings.HasPrefix(key, path+delimiter) }

// flatten takes joined errors apart.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

func join(path, key string) string {
	switch {
	case path == "":
		return key
	case key == "":
		return path
	default:
		return path + delimiter + key
	}
}
