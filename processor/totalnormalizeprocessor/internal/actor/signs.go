package actor

import (
	"encoding/binary"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// Signs are the columns of a table on which it depends who acted in a row.
type Signs struct {
	table *tables.Table
	// texts are taken as they are: the device and the accounts.
	texts                                      []row.Place
	action, logonType, protocol, fields, paths row.Place
	pathOfActor, entityType, device            row.Place
}

// NewSigns gives those of a table places in its layout.
func NewSigns(t *tables.Table, layout *row.Layout) *Signs {
	s := &Signs{
		table: t, action: layout.Place("ActionType"), logonType: layout.Place("LogonType"),
		protocol: layout.Place(row.RequestProtocolColumn), fields: layout.Place(row.AdditionalFieldsColumn),
		paths: layout.Place("FolderPath"), pathOfActor: layout.Place("InitiatingProcessFolderPath"),
		entityType: layout.Place("EntityType"), device: layout.Place("DeviceId"),
	}
	columns := []string{"DeviceId", "DeviceName"}
	for _, a := range t.Accounts {
		columns = append(columns, a.Domain, a.Name, a.SID, a.UPN, a.ObjectID)
	}
	for _, column := range columns {
		if place := layout.Place(column); place != row.Nowhere {
			s.texts = append(s.texts, place)
		}
	}
	return s
}

// What of a row's other columns matters.
const (
	signInbound = 1 << iota
	signLogonFailed
	signNetworkLogon
	signFromElsewhere
	signRemote
	signApplePath
	signFields
	signObject
)

// AppendKey adds to key all that Lessons, WhoActed, Person and Target depend on in a row, but for its time: rows with
// one key have the same answers while the directories say the same. The cells are the row's. False: the row has to be
// looked at by itself.
func (s *Signs) AppendKey(key []byte, r row.Row, c row.Cells) ([]byte, bool) {
	key = appendText(key, s.table.Name) // what columns mean depends on it
	if s.table.Kind == tables.Alerts {
		return s.appendEvidence(key, r, c)
	}
	if c[s.fields].Type() == pcommon.ValueTypeMap {
		key = s.appendObject(key, r, c)
	} else {
		sign, fields, ok := s.ofFields(c)
		if !ok {
			return key, false
		}
		key = s.appendTexts(append(key, sign|s.ofEvent(c)), c)
		key = appendText(key, fields)
	}
	if action := c.Text(s.action); isAboutAccountAction(s.table, action) {
		key = appendText(key, action)
		key = appendAccounts(key, fieldAccount(r, groupFields), fieldAccount(r, memberFields))
	}
	return key, true
}

// appendObject adds what a row says whose AdditionalFields are an object: what is read of that, which is little.
func (s *Signs) appendObject(key []byte, r row.Row, c row.Cells) []byte {
	sign, users := s.ofEvent(c)|signObject, r.PosixUsers()
	if isInbound(r) {
		sign |= signInbound
	}
	if len(users) > 0 && s.hasApplePath(c) {
		sign |= signApplePath
	}
	key = s.appendTexts(append(key, sign), c)
	key = appendAccounts(key, r.NamedLoggedOn()...)
	for _, user := range users {
		const initiating, apple = 1, 2
		kind := byte(0)
		if user.Initiating {
			kind |= initiating
		}
		if user.Apple {
			kind |= apple
		}
		key = appendText(appendAccounts(append(key, kind), user.Account), user.UID)
	}
	return append(key, endOfUsers)
}

// endOfUsers is no kind of a user.
const endOfUsers = 0xff

func (s *Signs) appendTexts(key []byte, c row.Cells) []byte {
	for _, place := range s.texts {
		key = appendText(key, c.Text(place))
	}
	return key
}

// appendEvidence adds what an alert's evidence says of accounts and devices. Its AdditionalFields, which are another text in
// each row, say little of them.
func (s *Signs) appendEvidence(key []byte, r row.Row, c row.Cells) ([]byte, bool) {
	users := r.AlertUsers()
	if len(users) > mostForms || len(r.PosixUsers()) > 0 {
		return key, false
	}
	sign := s.ofEvent(c)
	if isInbound(r) {
		sign |= signInbound
	}
	key = s.appendTexts(append(key, sign), c)
	if c.Text(s.device) == "" {
		key = appendText(key, r.EntityDevice())
	}
	key = appendAccounts(key, r.EntityAccount())
	key = appendAccounts(key, users...)
	key = appendAccounts(key, r.NamedLoggedOn()...)
	if isMail(c.Text(s.entityType)) {
		return appendAccounts(key, r.Recipients()...), true
	}
	return appendAccounts(key), true
}

// ofEvent is what the kind of the event says.
func (s *Signs) ofEvent(r row.Cells) byte {
	sign := byte(0)
	set := func(flag byte, is bool) {
		if is {
			sign |= flag
		}
	}
	action, logonType := r.Text(s.action), r.Text(s.logonType)
	set(signInbound, isInboundAction(s.table, action))
	set(signLogonFailed, isFailedLogon(action))
	set(signNetworkLogon, isNetworkLogonType(s.table, logonType))
	set(signFromElsewhere, isRemoteLogonType(s.table, logonType))
	set(signRemote, row.IsRemoteProtocol(r.Text(s.protocol)))
	return sign
}

// ofFields is the text of AdditionalFields, where it may speak of accounts or of a connection's direction. Long text is
// not compared.
func (s *Signs) ofFields(r row.Cells) (sign byte, text string, ok bool) {
	const longest = 1024
	v := r[s.fields]
	if v.Type() != pcommon.ValueTypeStr {
		return 0, "", true
	}
	text = v.Str()
	speaks := strings.Contains(text, wordDirection) && !saysOutAlone(text)
	if !speaks && !slices.ContainsFunc(wordsOfAccounts, func(word string) bool { return strings.Contains(text, word) }) {
		return 0, "", true
	}
	sign = signFields
	if s.hasApplePath(r) {
		sign |= signApplePath
	}
	return sign, text, len(text) <= longest
}

func (s *Signs) hasApplePath(r row.Cells) bool {
	return isApplePath(r.Text(s.paths)) || isApplePath(r.Text(s.pathOfActor))
}

// wordsOfAccounts stand in AdditionalFields that name accounts.
var wordsOfAccounts = append([]string{row.WordPosix}, row.WordsLoggedOn...)

// saysOutAlone reports whether the text, wherever it speaks of a direction, says Out: whatever else it holds, and even if
// it is no JSON, that is no inbound connection. Most network rows of inspected connections have such text, which is
// another one in each row.
func saysOutAlone(text string) bool {
	const before, after = `"d`, `":"Out"`
	for {
		i := strings.Index(text, wordDirection)
		if i < 0 {
			return true
		}
		if !strings.HasSuffix(text[:i], before) || !strings.HasPrefix(text[i+len(wordDirection):], after) {
			return false
		}
		text = text[i+len(wordDirection)+len(after):]
	}
}

func appendText(key []byte, text string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(text))), text...)
}

func appendAccounts(key []byte, list ...accounts.Account) []byte {
	key = binary.AppendUvarint(key, uint64(len(list)))
	for _, a := range list {
		for _, text := range [...]string{a.Domain, a.Name, a.SID, a.UPN, a.ObjectID} {
			key = appendText(key, text)
		}
	}
	return key
}
