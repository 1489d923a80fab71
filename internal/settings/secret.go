package settings

import (
	"strings"
	"unicode"
)

// MaybeSecret reports whether a text that should be a key looks like a secret that was written in its place: keys are
// words.
func MaybeSecret(key string) bool {
	const longest = 60
	word := func(r rune) bool { return strings.ContainsRune("_-/.: ", r) || isLetter(r) || isDigit(r) }
	return len(key) > longest || strings.ContainsFunc(key, func(r rune) bool { return !word(r) }) ||
		len(key) >= 16 && strings.ContainsFunc(key, isDigit) && strings.ContainsFunc(key, unicode.IsUpper)
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// Shown reports whether a value may be repeated in a message. A secret in the wrong place must not.
func Shown(value string) bool {
	const longest = 40
	plain := func(r rune) bool { return strings.ContainsRune("_-/ ", r) || isLetter(r) }
	return len(value) <= longest && !strings.ContainsFunc(value, func(r rune) bool { return !plain(r) })
}
