package configschema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// node is a schema.
type node = map[string]any

// dialect is what editors know best.
const dialect = "http://json-schema.org/draft-07/schema#"

// anyReference is a pattern of texts in which a reference such as ${env:NAME} stands. It may become any value.
const anyReference = `\$\{`

// goType is the key under which a schema holds the name of its Go type, until share has used it.
const goType = "$go"

// integer is the type of numbers that texts may stand for.
var integer = []any{"integer", "string"}

// orReference is the schema of a value of a type, or a text with a reference in its place. what is shown to a user who writes
// another text.
func orReference(typ, what string, more ...string) node {
	types := []any{typ}
	for _, other := range more {
		types = append(types, other)
	}
	return node{"type": append(types, "string"), "pattern": anyReference, "patternErrorMessage": "Write " + what + ", or a reference such as ${env:NAME}."}
}

func withDefault(schema node, value any) node {
	schema["default"] = value
	return schema
}

func described(schema node, text string) node {
	schema["description"] = text
	return schema
}

// object is the schema of a map that has no other keys. Nothing may be written for it.
func object(properties node) node {
	schema := openObject()
	schema["properties"] = properties
	schema["additionalProperties"] = false
	return schema
}

func openObject() node {
	return orReference("object", "keys and values", "null")
}

func list(items node) node {
	schema := orReference("array", "a list", "null")
	schema["items"] = items
	return schema
}

func either(schemas ...node) node {
	var all []node
	for _, schema := range schemas {
		if choices, ok := schema["anyOf"].([]node); ok {
			all = append(all, choices...)
		} else {
			all = append(all, schema)
		}
	}
	return node{"anyOf": all}
}

func reference(definition string) node { return node{"$ref": "#/definitions/" + definition} }

// oneOf is the schema of a text that is one of some words; of any text, if there are none.
func oneOf(words []string, anyCase bool) node {
	slices.Sort(words)
	words = slices.Compact(words)
	if len(words) < 2 {
		return node{"type": "string"}
	}
	others := anyReference
	if anyCase {
		others += "|^(" + caseless(words) + ")$"
	}
	return either(node{"type": "string", "enum": words}, node{"type": "string", "pattern": others})
}

// caseless is a pattern of the words in any case.
func caseless(words []string) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteByte('|')
		}
		for _, r := range word {
			if unicode.IsLetter(r) {
				b.WriteString("[" + string(unicode.ToUpper(r)) + string(unicode.ToLower(r)) + "]")
			} else {
				b.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
	}
	return b.String()
}

func encoded(schema node) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(schema); err != nil {
		return nil, fmt.Errorf("encode the schema: %w", err)
	}
	return text.Bytes(), nil
}
