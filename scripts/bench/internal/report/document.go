package report

import (
	"fmt"
	"os"
	"strings"
)

// The marks of the section that a measurement writes.
const (
	begin = "<!-- bench: begin, `make bench` writes what follows -->\n"
	end   = "<!-- bench: end -->\n"
)

// WriteInto replaces the marked section of a document.
func WriteInto(path, section string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	replaced, err := replaceSection(string(text), section)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(replaced), 0o644); err != nil { //nolint:gosec // a document that everybody reads
		return fmt.Errorf("write the document: %w", err)
	}
	return nil
}

func replaceSection(text, section string) (string, error) {
	before, rest, found := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("there is no section between the lines %q and %q", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + "\n" + strings.TrimSpace(section) + "\n\n" + end + after, nil
}
