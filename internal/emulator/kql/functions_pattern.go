package kql

import (
	"regexp"
	"strings"
)

// patternFunctions take a constant regular expression.
func patternFunctions() map[string]function {
	all := map[string]function{
		"extract": {min: 3, max: 4, bind: bindExtract},
		"extract_all": {min: 2, max: 2, bind: func(c *exprBinder, n *node, args []*expr) (*expr, error) {
			if err := c.check(n, args, texts); err != nil {
				return nil, err
			}
			pattern, err := c.regex(n, args[0])
			if err != nil {
				return nil, err
			}
			return unaryExpr(Dynamic, convertExpr(args[1], String), func(v Value) Value { return extractAll(pattern, v.s) }), nil
		}},
		"replace_regex": {min: 3, max: 3, bind: func(c *exprBinder, n *node, args []*expr) (*expr, error) {
			if err := c.check(n, args, texts); err != nil {
				return nil, err
			}
			pattern, err := c.regex(n, args[1])
			if err != nil {
				return nil, err
			}
			return binaryExpr(String, convertExpr(args[0], String), convertExpr(args[2], String), func(v, with Value) Value {
				return NewString(pattern.ReplaceAllString(v.s, goTemplate(with.s)))
			}), nil
		}},
	}
	for name, sides := range map[string]string{"trim": "both", "trim_start": "start", "trim_end": "end"} {
		all[name] = function{min: 2, max: 2, bind: func(c *exprBinder, n *node, args []*expr) (*expr, error) {
			if err := c.check(n, args, texts); err != nil {
				return nil, err
			}
			if _, err := c.regex(n, args[0]); err != nil {
				return nil, err
			}
			trim, err := trimmer(args[0].value.s, sides)
			if err != nil {
				return nil, c.fail(n, "Invalid regular expression '%s'.", args[0].value.s)
			}
			return unaryExpr(String, convertExpr(args[1], String), trim), nil
		}}
	}
	return all
}

// goTemplate turns Kusto's \1 into Go's ${1}; a dollar means itself.
func goTemplate(s string) string {
	s = strings.ReplaceAll(s, "$", "$$")
	return capturePattern.ReplaceAllString(s, `$${$1}`)
}

var capturePattern = regexp.MustCompile(`\\(\d)`)

func bindExtract(c *exprBinder, n *node, args []*expr) (*expr, error) {
	pattern, err := c.regex(n, args[0])
	if err != nil {
		return nil, err
	}
	if !args[1].typ.isInteger() || !args[1].constant || args[1].value.n < 0 || args[2].typ != String && args[2].typ != Dynamic {
		return nil, c.fail(n, "The function 'extract' expects a regular expression, a constant group and a string.")
	}
	group := int(args[1].value.n)
	typ := String
	if len(args) == 4 {
		typ = args[3].typ
	}
	return unaryExpr(typ, convertExpr(args[2], String), func(v Value) Value {
		m := pattern.FindStringSubmatch(v.s)
		if group < 0 || group >= len(m) {
			return Null(typ)
		}
		return convert(NewString(m[group]), typ)
	}), nil
}

// extractAll gives the groups of every match: a string each where there is one group.
func extractAll(pattern *regexp.Regexp, s string) Value {
	matches := pattern.FindAllStringSubmatch(s, -1)
	if matches == nil {
		return Null(Dynamic)
	}
	all := make([]any, len(matches))
	for i, m := range matches {
		groups := m
		if len(m) > 1 {
			groups = m[1:]
		}
		if len(groups) == 1 {
			all[i] = groups[0]
			continue
		}
		items := make([]any, len(groups))
		for j, g := range groups {
			items[j] = g
		}
		all[i] = items
	}
	return NewDynamic(all)
}

func trimmer(pattern, sides string) (func(Value) Value, error) {
	start, err := regexp.Compile(`^(?:` + pattern + `)`)
	if err != nil {
		return nil, err
	}
	end, err := regexp.Compile(`(?:` + pattern + `)$`)
	if err != nil {
		return nil, err
	}
	return func(v Value) Value {
		s := v.s
		if sides != "end" {
			s = start.ReplaceAllString(s, "")
		}
		if sides != "start" {
			s = end.ReplaceAllString(s, "")
		}
		return NewString(s)
	}, nil
}
