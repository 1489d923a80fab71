package refusal

import (
	"regexp"
	"strings"
	"unicode"
)

// maxTextRunes keeps a message readable in a log line; the services' own texts are shorter.
const maxTextRunes = 400

const redacted = "[redacted]"

// Tokens are recognised by their form too, since a service may quote another one than was sent.
var tokenForms = regexp.MustCompile(
	`eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*` +
		`|(?i:bearer)\s+[A-Za-z0-9._~+/=-]{16,}` +
		`|(?i:"?(?:access_token|refresh_token|id_token|client_secret|client_assertion)"?\s*[:=]\s*"?)[^"&\s,}]+`)

// Text makes a service's message fit to be shown: secrets and anything that looks like a token are
// replaced, it stands on one line, is valid UTF-8 and is cut to a readable length.
func Text(message string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			message = strings.ReplaceAll(message, s, redacted)
		}
	}
	message = tokenForms.ReplaceAllString(message, redacted)
	message = strings.ToValidUTF8(message, "\uFFFD")
	message = strings.Join(strings.FieldsFunc(message, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if runes := []rune(message); len(runes) > maxTextRunes {
		message = string(runes[:maxTextRunes]) + "…"
	}
	return message
}
