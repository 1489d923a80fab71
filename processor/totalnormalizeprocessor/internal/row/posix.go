package row

import (
	"strconv"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

var posixAccount = tables.Account{Domain: "DomainName", Name: "Name", SID: "Sid", UPN: "AadUserUpn"}

// PosixUser is a user of a Linux or macOS process, as AdditionalFields name it. One may have a uid and no name.
type PosixUser struct {
	accounts.Account

	UID string
	// Initiating is of a user of the initiating process.
	Initiating bool
	// Apple is of a user whose entry is one of macOS: it has a Windows SID, or Apple's group of people.
	Apple bool
}

// posixKeys are where AdditionalFields name the users of a process, in acting order. The effective user
// of a process that sudo started is root; the real one is the person.
var posixKeys = []struct {
	key        string
	initiating bool
}{
	{"ProcessPosixEffectiveUser", false},
	{"ProcessPosixRealUser", false},
	{"InitiatingProcessPosixEffectiveUser", true},
	{"InitiatingProcessPosixRealUser", true},
}

// WordPosix is the word that AdditionalFields have which name POSIX users.
const WordPosix = "Posix"

// PosixUsers are the POSIX users in AdditionalFields, in acting order.
func (r Row) PosixUsers() []PosixUser {
	if !r.Mentions(WordPosix) {
		return nil
	}
	fields, ok := r.object()
	if !ok {
		return nil
	}
	var list []PosixUser
	for _, k := range posixKeys {
		v, ok := fields.get(k.key)
		if !ok || !v.isObject() {
			continue
		}
		user := posixUserIn(v)
		user.Initiating = k.initiating
		if !user.IsEmpty() || user.UID != "" {
			list = append(list, user)
		}
	}
	return append(list, logonUsers(fields)...)
}

// logonUsers are the uids that logon rows have beside their account columns.
func logonUsers(fields node) []PosixUser {
	var list []PosixUser
	if uid := uidAt(fields, "PosixUserId"); uid != "" {
		list = append(list, PosixUser{UID: uid})
	}
	if uid := uidAt(fields, "InitiatingAccountPosixUserId"); uid != "" {
		list = append(list, PosixUser{
			Account: accounts.Account{Domain: fields.textAt("InitiatingAccountDomain"), Name: fields.textAt("InitiatingAccountName")}.Clean(),
			UID:     uid, Initiating: true,
		})
	}
	return list
}

func posixUserIn(m node) PosixUser {
	user := PosixUser{Account: accountIn(m, posixAccount), UID: uidAt(m, "PosixUserId")}
	user.Apple = user.SID != ""
	if group, ok := m.get("PrimaryPosixGroup"); ok && group.isObject() {
		user.Apple = user.Apple || group.textAt("Name") == "staff" || group.textAt("PosixGroupId") == "20"
	}
	return user
}

// uidAt is a whole number, and its text.
func uidAt(m node, key string) string {
	text := m.textAt(key)
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		return ""
	}
	return text
}
