package configschema

import (
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// prose is the comment of a field for a reader who knows keys and no fields: "Settle is how long ..." becomes "How long ...",
// and fields are called by their keys.
func prose(comment, field string, keys map[string]string) string {
	text := paragraph(comment)
	if strings.Contains(text, "corresponds to the JSON schema field") {
		return "" // a generator's, which says nothing
	}
	if rest, ok := afterVerb(text, field); ok {
		text = rest
	} else if rest, ok := strings.CutPrefix(text, field+" "); ok && saysWhatItDoes(rest) {
		text = "`" + keys[field] + "` " + rest
	}
	return identifier.ReplaceAllStringFunc(text, func(word string) string {
		if key, ok := keys[word]; ok && hasSeveralWords(word) {
			return "`" + key + "`"
		}
		return word
	})
}

// identifier is a Go name with what it belongs to, or a key that is marked as one already.
var identifier = regexp.MustCompile("`[^`]*`|[A-Za-z0-9_]+(\\.[A-Za-z0-9_]+)*")

// afterVerb is what a sentence that begins with the name says the thing to be.
func afterVerb(text, name string) (string, bool) {
	for _, verb := range []string{" is ", " are "} {
		if rest, ok := strings.CutPrefix(text, name+verb); ok {
			return capitalized(rest), true
		}
	}
	return "", false
}

// saysWhatItDoes tells "holds a file for each table" from "configuration for HTTP calls".
func saysWhatItDoes(text string) bool {
	first, _, _ := strings.Cut(text, " ")
	return strings.HasSuffix(first, "s")
}

func hasSeveralWords(name string) bool { return strings.ContainsFunc(name[1:], unicode.IsUpper) }

// about is the comment of a type for the same reader: "PageConfig bounds one query." becomes "Bounds one query."
func about(comment, name string) string {
	text := paragraph(comment)
	if rest, ok := afterVerb(text, name); ok {
		return rest
	}
	if rest, ok := strings.CutPrefix(text, name+" "); ok && saysWhatItDoes(rest) {
		return capitalized(rest)
	}
	return text
}

// supplied describes keys of the Collector's own that have no comment.
var supplied = map[string]string{
	"configcompression.CompressionParams.Level": "How much is compressed: higher levels give less to send for more work. 0 is the default of the type.",
	"configopaque.Pair.Name":                    "The name of the header.",
	"configopaque.Pair.Value":                   "The value of the header, a secret.",
	"filter.Config.Strict":                      "The text that is meant.",
	"filter.Config.Regex":                       "A regular expression of texts that are meant.",
	"configtls.TPMConfig.Enabled":               "Whether the private key is in a TPM.",
	"configtls.TPMConfig.OwnerAuth":             "The authorization value of the TPM's owner.",
	"configtls.TPMConfig.Auth":                  "The authorization value of the key.",
}

// generated describes the fields of what mdatagen makes of metrics and attributes, which has no comments on them.
var generated = map[string]string{
	"Enabled":             "Whether it is given.",
	"AggregationStrategy": "How values become one where attributes are left out: sum, avg, min or max.",
	"EnabledAttributes":   "The attributes that it is given with.",
}

// isGenerated reports whether a type is of a package that mdatagen writes.
func isGenerated(t reflect.Type) bool { return strings.HasSuffix(t.PkgPath(), "/internal/metadata") }

// keys are the keys of a struct's fields, by the fields' names.
func keys(structure reflect.Type) map[string]string {
	found := map[string]string{}
	for field := range structure.Fields() {
		if key, _, _ := strings.Cut(field.Tag.Get("mapstructure"), ","); key != "" && key != "-" && field.IsExported() {
			found[field.Name] = key
		}
	}
	return found
}

var (
	wrapped = regexp.MustCompile(`([^\n])\n([^\n\t -])`)
	blanks  = regexp.MustCompile(`[ \t]*\n[ \t]*`)
)

// paragraph joins the lines of a comment. Lists and blank lines stay.
func paragraph(comment string) string {
	text := wrapped.ReplaceAllString(comment, "$1 $2")
	return strings.TrimSpace(blanks.ReplaceAllString(text, "\n"))
}

func capitalized(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

func deprecated(text string) bool {
	return strings.HasPrefix(text, "Deprecated") || strings.Contains(text, "\nDeprecated:")
}
