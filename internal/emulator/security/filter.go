package security

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// filterable are the properties that $filter may name.
var filterable = map[string][]string{
	Alerts:    {"assignedTo", "classification", "determination", createdKey, updatedKey, "severity", "serviceSource", "status"},
	Incidents: {"assignedTo", "classification", "createdDateTime", "determination", updatedKey, "severity", "status"},
	Scores:    {createdKey},
	Profiles:  {"id", "controlCategory", "service", "tier"},
}

// filter reports whether an object is asked for.
type filter func(object) bool

func everything(object) bool { return true }

// filterParser reads a $filter by recursive descent.
type filterParser struct {
	list   string
	tokens []string
}

var filterToken = regexp.MustCompile(`\(|\)|'(?:[^']|'')*'|[^\s()]+`)

// parseFilter reads a $filter: comparisons with and, or, not, and parentheses.
func parseFilter(list, text string) (filter, error) {
	if strings.TrimSpace(text) == "" {
		return everything, nil
	}
	p := &filterParser{list: list, tokens: filterToken.FindAllString(text, -1)}
	f, err := p.either()
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("syntax error at position of '%s' in '%s'", p.tokens[0], text)
	}
	return f, err
}

func (p *filterParser) take(word string) bool {
	if len(p.tokens) > 0 && strings.EqualFold(p.tokens[0], word) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *filterParser) either() (filter, error) {
	left, err := p.both()
	for err == nil && p.take("or") {
		var right filter
		right, err = p.both()
		first := left
		left = func(o object) bool { return first(o) || right(o) }
	}
	return left, err
}

func (p *filterParser) both() (filter, error) {
	left, err := p.one()
	for err == nil && p.take("and") {
		var right filter
		right, err = p.one()
		first := left
		left = func(o object) bool { return first(o) && right(o) }
	}
	return left, err
}

func (p *filterParser) one() (filter, error) {
	switch {
	case p.take("not"):
		f, err := p.one()
		return func(o object) bool { return !f(o) }, err
	case p.take("("):
		f, err := p.either()
		if err == nil && !p.take(")") {
			err = errors.New("syntax error: a closing parenthesis is missing")
		}
		return f, err
	}
	return p.comparison()
}

// comparison reads `property operator literal`.
func (p *filterParser) comparison() (filter, error) {
	if len(p.tokens) < 3 {
		return nil, errors.New("a comparison needs a property, an operator and a value")
	}
	property, operator, literal := p.tokens[0], p.tokens[1], p.tokens[2]
	p.tokens = p.tokens[3:]
	if !slices.Contains(filterable[p.list], property) {
		return nil, fmt.Errorf("the property '%s' can not be used in a $filter", property)
	}
	holds, ok := operators[operator]
	if !ok {
		return nil, fmt.Errorf("unknown operator '%s'", operator)
	}
	if property == createdKey || property == updatedKey {
		t, err := time.Parse(time.RFC3339Nano, literal)
		if err != nil {
			return nil, fmt.Errorf("'%s' is not of type 'Edm.DateTimeOffset'", literal)
		}
		return func(o object) bool {
			kept := o.updated
			if property == createdKey {
				kept = o.created
			}
			return holds(kept.compare(t))
		}, nil
	}
	if len(literal) < 2 || literal[0] != '\'' {
		return nil, fmt.Errorf("'%s' is not a quoted string", literal)
	}
	wanted := strings.ReplaceAll(literal[1:len(literal)-1], "''", "'")
	return func(o object) bool {
		text, _ := o.body()[property].(string)
		return holds(strings.Compare(text, wanted))
	}, nil
}

// operators say whether a comparison's result is what the operator asks for.
var operators = map[string]func(int) bool{
	"eq": func(c int) bool { return c == 0 }, "ne": func(c int) bool { return c != 0 },
	"ge": func(c int) bool { return c >= 0 }, "gt": func(c int) bool { return c > 0 },
	"le": func(c int) bool { return c <= 0 }, "lt": func(c int) bool { return c < 0 },
}
