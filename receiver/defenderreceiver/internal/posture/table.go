package posture

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Table says which techniques a control is against. No field of the service does.
type Table []rule

// rule is a line of the table: it holds for controls whose title has a text in it.
type rule struct {
	match      string // in lower case
	techniques []string
}

var techniqueID = regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)

// ParseTable reads a table in CSV with the columns match and techniques, of which the latter holds one or more ids with blanks
// or semicolons between them. Lines that begin with # are comments.
func ParseTable(from io.Reader) (Table, error) {
	lines := csv.NewReader(from)
	lines.Comment, lines.FieldsPerRecord, lines.TrimLeadingSpace = '#', 2, true
	head, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("read the first line, which must be `match,techniques`: %w", err)
	}
	if strings.TrimPrefix(head[0], "\ufeff") != "match" || head[1] != "techniques" {
		return nil, fmt.Errorf("the first line is %q and must be `match,techniques`", strings.Join(head, ","))
	}
	var table Table
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return table, nil
		}
		if err != nil {
			return nil, err
		}
		r, err := ruleOf(fields)
		if err != nil {
			line, _ := lines.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		table = append(table, r)
	}
}

func ruleOf(fields []string) (rule, error) {
	r := rule{match: strings.ToLower(strings.TrimSpace(fields[0]))}
	if r.match == "" {
		return rule{}, errors.New("match is empty: it would hold for all controls")
	}
	for _, id := range strings.FieldsFunc(fields[1], func(c rune) bool { return c == ' ' || c == ';' }) {
		if !techniqueID.MatchString(id) {
			return rule{}, fmt.Errorf("%q is no id of a technique, e.g. T1059 or T1059.001", id)
		}
		r.techniques = append(r.techniques, id)
	}
	if len(r.techniques) == 0 {
		return rule{}, errors.New("techniques is empty: take the line out, or name one")
	}
	return r, nil
}

// TechniquesOf are those that a control of a title is against: of the first line that holds for it. None: no line does.
func (t Table) TechniquesOf(title string) []string {
	title = strings.ToLower(title)
	for _, r := range t {
		if strings.Contains(title, r.match) {
			return r.techniques
		}
	}
	return nil
}

// covers reports whether an alert's technique is one of a control, or a sub-technique of one.
func covers(techniques []string, of string) bool {
	for _, t := range techniques {
		if of == t || strings.HasPrefix(of, t+".") {
			return true
		}
	}
	return false
}
