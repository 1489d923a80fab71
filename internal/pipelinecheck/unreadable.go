package pipelinecheck

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	// quoted is what a message quotes.
	quoted = regexp.MustCompile("'[^']*'|`[^`]*`|\"(?:[^\"\\\\]|\\\\.)*\"")
	// ambiguous is a message that ends with the value of a variable.
	ambiguous = regexp.MustCompile(`(?s)(does not have unambiguous string representation): .*`)
	// alias is YAML's reading of a value that begins with an asterisk.
	alias        = regexp.MustCompile(`unknown anchor .* referenced`)
	variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	settingsName = regexp.MustCompile(`^[A-Za-z][A-Za-z_./-]*[0-9]{0,3}$`)
)

// unreadable is the error of a configuration that could not be read, so that its values are not known. What it quotes is
// shown only where it must be a name: of a file that was asked for, of a variable, of a key that stands twice.
func unreadable(doing string, err error, locations, secrets []string) error {
	message := ambiguous.ReplaceAllString(err.Error(), "$1")
	message = alias.ReplaceAllString(message, "a value that begins with * is taken for an alias: put it in quotes")
	for _, location := range locations {
		if settings, ok := strings.CutPrefix(location, "yaml:"); ok {
			key, _, _ := strings.Cut(settings, ":")
			message = strings.ReplaceAll(message, location, "yaml:"+nameOnly(key))
		}
	}
	out, end := strings.Builder{}, 0
	for _, at := range quoted.FindAllStringIndex(message, -1) {
		before, text := message[end:at[0]], message[at[0]+1:at[1]-1]
		out.WriteString(before)
		if mayBeShown(strings.TrimSpace(before), text, locations) {
			out.WriteString(message[at[0]:at[1]])
		} else {
			out.WriteString(redactedValue)
		}
		end = at[1]
	}
	out.WriteString(message[end:])
	message = withoutSecretParts(out.String())
	// The longest first: one secret may hold another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range secrets {
		if len(secret) >= shortestInside {
			message = strings.ReplaceAll(message, secret, redactedValue)
		}
	}
	return errors.New(fmt.Sprint(doing, ": ", strings.Join(strings.Fields(message), " ")))
}

func mayBeShown(before, text string, locations []string) bool {
	switch {
	case len(text) == 1: // a character of YAML's syntax
		return true
	case slices.Contains(locations, text) && strings.Contains(before, "unsupported scheme"):
		return false // it may be anything but a location
	case slices.Contains(locations, text), slices.Contains(locations, strings.TrimPrefix(text, "file:")):
		return !strings.HasPrefix(text, "yaml:")
	case strings.HasSuffix(before, "environment variable"):
		return variableName.MatchString(text) && !looksRandom(text)
	case strings.HasSuffix(before, "mapping key"):
		return nameOnly(text) == text
	}
	return false
}

// nameOnly keeps a text that has the form of a key.
func nameOnly(text string) string {
	text = strings.TrimSpace(text)
	for part := range strings.SplitSeq(text, "::") {
		if !settingsName.MatchString(part) {
			return redactedPart
		}
	}
	return text
}
