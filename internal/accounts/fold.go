package accounts

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold makes names comparable that differ in case, or in whether accents are written and how: Windows says
// `autorite nt` in one place and `AUTORITÉ NT` in another.
func fold(name string) string {
	name = strings.ToLower(name)
	if isASCII(name) {
		return name
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case r == 'ı':
			return 'i'
		}
		return r
	}, norm.NFD.String(name))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
