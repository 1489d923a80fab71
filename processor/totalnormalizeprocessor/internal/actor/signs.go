package actor

import (
	"encoding/binary"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// Signs are the columns of a table on which it depends who acted in a row.
type Signs struct {
	table *tables.Table
	// texts are taken as they are: the device and the accounts.
	texts                                      []row.Place
	action, logonType, protocol, fields, paths row.Place
	pathOfActor                                row.Place
}

// NewSigns gives those of a table places in its layout.
func NewSigns(t *tables.Table, layout *row.Layout) *Signs {
	s := &Signs{
		table: t, action: layout.Place("ActionType"), logonType: layout.Place("LogonType"),
		protocol: layout.Place(row.RequestProtocolColumn), fields: layout.Place(row.AdditionalFieldsColumn),
		paths: layout.Place("FolderPath"), pathOfActor: layout.Place("InitiatingProcessFolderPath"),
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
)

// AppendKey adds to key all that Lessons, WhoActed and Person depend on in a row, but for its time: rows of a table with
// one key have the same answers while the directories say the same. False: the row has to be looked at by itself.
func (s *Signs) AppendKey(key []byte, r row.Cells) ([]byte, bool) {
	if s.table.Kind == tables.Alerts || isAboutAccountAction(s.table, r.Text(s.action)) {
		return key, false // evidence says too much, and what was done to whom depends on all of the row
	}
	sign, fields, ok := s.ofFields(r)
	if !ok {
		return key, false
	}
	key = append(key, sign|s.ofEvent(r))
	for _, place := range s.texts {
		key = appendText(key, r.Text(place))
	}
	return appendText(key, fields), true
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

// ofFields is the text of AdditionalFields, where it may speak of accounts or of a connection's direction. An object is
// not compared, nor is long text.
func (s *Signs) ofFields(r row.Cells) (sign byte, text string, ok bool) {
	const longest = 1024
	v := r[s.fields]
	switch v.Type() {
	case pcommon.ValueTypeMap:
		return 0, "", false
	case pcommon.ValueTypeStr:
	default:
		return 0, "", true
	}
	text = v.Str()
	if !slices.ContainsFunc(wordsOfActors, func(word string) bool { return strings.Contains(text, word) }) {
		return 0, "", true
	}
	sign = signFields
	if isApplePath(r.Text(s.paths)) || isApplePath(r.Text(s.pathOfActor)) {
		sign |= signApplePath
	}
	return sign, text, len(text) <= longest
}

// wordsOfActors stand in AdditionalFields that this package reads.
var wordsOfActors = slices.Concat([]string{row.WordPosix, wordDirection}, row.WordsLoggedOn)

func appendText(key []byte, text string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(text))), text...)
}
