package tables

import "strings"

// SnakeCase is the TOTAL event's name of a column: RemoteIPType is remote_ip_type, SHA256 is sha256.
func SnakeCase(column string) string {
	var b strings.Builder
	for i := 0; i < len(column); i++ {
		c := column[i]
		if !isUpper(c) {
			b.WriteByte(c)
			continue
		}
		// A capital begins a word after a small letter or digit, and where it ends a run of capitals
		// that a small letter follows (IPType: ip_type).
		afterSmall := i > 0 && !isUpper(column[i-1])
		endsRun := i > 0 && i+1 < len(column) && isLower(column[i+1])
		if afterSmall || endsRun {
			b.WriteByte('_')
		}
		b.WriteByte(c + 'a' - 'A')
	}
	return b.String()
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
