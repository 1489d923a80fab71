package pipelinecheck

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const decoderHeading = "decoding failed due to the following error(s): "

// redacted keeps what an error says but not the values of the settings: a message of the decoder quotes what it did not
// understand, and that may be a secret in the wrong place. A value is replaced by the key it stands under.
func redacted(err error, settings map[string]any) error {
	var values []leaf
	collectLeaves("", settings, &values)
	// The longest first, so that a value which holds another one is replaced as a whole.
	slices.SortStableFunc(values, func(a, b leaf) int { return len(b.text) - len(a.text) })
	// The decoder writes a paragraph for each level.
	message := strings.Join(strings.Fields(err.Error()), " ")
	message = strings.TrimPrefix(strings.ReplaceAll(message, decoderHeading, ""), "'' ")
	for _, v := range values {
		message = strings.ReplaceAll(message, v.text, "<"+v.key+">")
	}
	return errors.New(message)
}

// quoted is what a message quotes, but for single characters of syntax.
var quoted = regexp.MustCompile("'[^']{3,}'|`[^`]{3,}`|\"[^\"]{3,}\"")

// withoutQuotes is for errors of configurations that could not be read, so that their values are not known: a password
// that begins with * is an alias to YAML, and quoted when it leads nowhere.
func withoutQuotes(err error) error {
	return errors.New(quoted.ReplaceAllString(err.Error(), "<value>"))
}

// leaf is a value of the settings and the key it stands under.
type leaf struct{ key, text string }

// shortest is the length from which on a value is looked for in messages: a shorter one is found in every other word,
// and is no secret.
const shortest = 4

func collectLeaves(key string, value any, into *[]leaf) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			collectLeaves(joinKeys(key, name), member, into)
		}
	case []any:
		for i, member := range v {
			collectLeaves(fmt.Sprintf("%s[%d]", key, i), member, into)
		}
	case bool, nil:
	default:
		if text := fmt.Sprint(v); len(text) >= shortest {
			*into = append(*into, leaf{key: key, text: text})
		}
	}
}
