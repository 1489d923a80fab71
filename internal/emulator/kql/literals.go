package kql

import (
	"strconv"
	"strings"
)

// parseLiteral reads what stands in the parentheses of a typed literal such as datetime(...).
func parseLiteral(typ Type, content string) (Value, bool) {
	content = strings.TrimSpace(content)
	if content == "null" {
		return Null(typ), true
	}
	if typ == Dynamic {
		tokens, err := lex(content)
		if err != nil {
			return Value{}, false
		}
		p := &parser{tokens: tokens}
		d, ok := p.dynamicValue()
		return NewDynamic(d), ok && p.peek().kind == endToken
	}
	if len(content) >= 2 && (content[0] == '"' || content[0] == '\'') && content[len(content)-1] == content[0] {
		content = content[1 : len(content)-1]
	}
	var v Value
	switch typ {
	case Real:
		switch strings.ToLower(content) {
		case "nan":
			content = "NaN"
		case "+inf", "-inf":
		}
		f, err := strconv.ParseFloat(content, 64)
		return NewReal(f), err == nil
	case Int, Long:
		if strings.ContainsAny(content, ".") {
			return Value{}, false
		}
		v = toInteger(NewString(content), typ)
	default:
		v = convert(NewString(content), typ)
	}
	return v, !v.IsNull()
}

// dynamicValue reads the content of dynamic(...): JSON, with KQL's strings and typed literals in it.
func (p *parser) dynamicValue() (any, bool) {
	if p.enter() != nil {
		return nil, false
	}
	defer p.leave()
	t := p.next()
	switch {
	case t.kind == literalToken:
		return toObject(t.value), true
	case t.is("null"):
		return nil, true
	case t.is("-"):
		switch n := p.next().value; n.Type() {
		case Long:
			return -n.Int(), true
		case Real:
			return -n.Real(), true
		}
	case t.is("["):
		array := []any{}
		for !p.accept("]") {
			item, ok := p.dynamicValue()
			if !ok || !p.accept(",") && !p.peek().is("]") {
				return nil, false
			}
			array = append(array, item)
		}
		return array, true
	case t.is("{"):
		bag := map[string]any{}
		for !p.accept("}") {
			key := p.next()
			if key.kind != literalToken || key.value.Type() != String || !p.accept(":") {
				return nil, false
			}
			item, ok := p.dynamicValue()
			if !ok || !p.accept(",") && !p.peek().is("}") {
				return nil, false
			}
			bag[key.value.Text()] = item
		}
		return bag, true
	}
	return nil, false
}
