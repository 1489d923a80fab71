package pipelinecheck

import (
	"regexp"
	"strings"
)

// What is a secret: a value under a key of the type configopaque.String (mask.go finds those), or under a key, or from a
// variable, whose name says so; and parts of texts whose form says so.

const (
	// redactedValue stands for a whole value, as it does in the collector's own output.
	redactedValue = "[REDACTED]"
	// redactedPart stands for a part of a URL or an id, where brackets have a meaning.
	redactedPart = "REDACTED"
)

var (
	secretKey = regexp.MustCompile(`(?i)(^|[_-])(password|passwd|passphrase|pass|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|` +
		`private[_-]?key|shared[_-]?key|signing[_-]?key|key[_-]?pem|connection[_-]?string|credential|sas|authorization|cookie|headers)s?$`)
	// secretPart finds a secret's name inside a longer or misspelled key.
	secretPart = regexp.MustCompile(`(?i)secr|passw|pasw|tok[e]?n|api_?key|pwd|credential`)
	// notSecret are endings of names that speak of something about a secret.
	notSecret      = regexp.MustCompile(`(?i)[_-](file|path|dir|directory|id|name|url|uri|endpoint|host|port|type|interval|expires|days|ttl)s?$`)
	secretVariable = regexp.MustCompile(`(?i)(secret|passw|passphrase|(^|_)pass($|_)|pwd|token|(api|access|account|private|shared|signing)_?key|` +
		`connection_?string|credential|(^|_)sas($|_)|authorization|cookie)`)
)

func isSecretKey(key string) bool { return secretKey.MatchString(key) }

// soundsSecret is for keys that the component does not know: a misspelled one can stand over a secret.
func soundsSecret(key string) bool { return secretPart.MatchString(key) && !notSecret.MatchString(key) }

func isSecretVariable(name string) bool {
	return secretVariable.MatchString(name) && !notSecret.MatchString(name)
}

var reference = regexp.MustCompile(`\$\{([^{}]*)\}`)

// fromSecret reports whether a setting, as it is before ${...} is replaced, takes in a variable that is a secret.
func fromSecret(template any) bool { return takesIn(template, false) }

// takesIn reports whether a setting takes in a secret: a variable that is one, or, if they count, a file or a page.
func takesIn(template any, filesToo bool) bool {
	text, _ := template.(string)
	for _, found := range reference.FindAllStringSubmatch(text, -1) {
		scheme, rest, ok := strings.Cut(found[1], ":")
		switch {
		case !ok:
			rest = scheme
		case filesToo && (scheme == "file" || scheme == "http" || scheme == "https"):
			return true
		case scheme != "env":
			continue
		}
		name, _, _ := strings.Cut(rest, ":-")
		if isSecretVariable(name) {
			return true
		}
	}
	return false
}

// secretForms are texts that are secrets as a whole: of Entra applications, JSON web tokens, private keys.
var secretForms = regexp.MustCompile(`(^|[^A-Za-z0-9_~.-])[A-Za-z0-9_.~-]{3}[0-9]Q~[A-Za-z0-9_.~-]{20,}|eyJ[A-Za-z0-9_-]{8,}\.|-----BEGIN [A-Z ]*PRIVATE KEY`)

// secretParts are parts of texts that are secrets. What stands in the first group is kept.
var secretParts = []*regexp.Regexp{
	regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/?#\s"']*@`),        // https://user:password@host
	regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/\s"']*:[^\s"']*@`), // the same, with characters that should be escaped
	regexp.MustCompile(`(^|[\s,"'])[^\s,@/:"']+:[^\s,@/"']+@`),            // user:password@host
	regexp.MustCompile(`(?i)([?&;](?:sig|sas|token|access_token|id_token|key|api_?key|code|password|passwd|secret|client_secret)=)[^&\s"']+`),
	regexp.MustCompile(`(?i)((?:shared_?access_?key|account_?key|shared_?access_?signature|password|pwd|client_secret|secret)\s*=\s*)[^;&\s"']+`),
	regexp.MustCompile(`(?i)(\b(?:bearer|basic)\s+)[^\s"']+`),
}

// withoutSecretParts keeps a text but for its secrets.
func withoutSecretParts(text string) string {
	if secretForms.MatchString(text) {
		return redactedValue
	}
	for i, form := range secretParts {
		with := "${1}" + redactedPart
		if i < 3 {
			with += "@"
		}
		text = form.ReplaceAllString(text, with)
	}
	return text
}

var (
	wellFormed = regexp.MustCompile(`(?i)^([0-9a-z]{6,10}(-[0-9a-z]{3,6}){3}-[0-9a-z]{10,14}|([0-9.]+[a-zµ]+)+|S-1(-\d+)+|\d+)$`)
	blanks     = regexp.MustCompile(`[\s/\\]`)
)

// looksRandom reports whether a text has letters and digits mixed as passwords have them, and names and numbers do not.
func looksRandom(text string) bool {
	if len(text) < 8 || blanks.MatchString(text) || wellFormed.MatchString(text) {
		return false
	}
	changes, last := 0, byte(0)
	for i := range len(text) {
		kind := kindOf(text[i])
		if kind != 0 && last != 0 && kind != last {
			changes++
		}
		last = kind
	}
	return changes >= 3 || strings.ContainsAny(text, "~!#^&") && changes > 0
}

func kindOf(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return 'd'
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return 'l'
	}
	return 0
}

// plainWord is what stands in documentation too, so that hiding it wherever it stands would hide other things.
var plainWord = regexp.MustCompile(`^[a-z_ ]{0,17}$`)
