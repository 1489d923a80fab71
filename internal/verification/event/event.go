package event

import (
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// ErrNone is the error of values that are no TOTAL events.
var ErrNone = errors.New("it is no TOTAL event: it has no event_id that is a UUID")

// Event is what comparing needs of a TOTAL event.
type Event struct {
	ID       uuid.UUID
	Type     string // event_type, e.g. AUTH
	DomainID string
	// Time is when it happened; zero: the event does not say it readably.
	Time time.Time
	// Alert is the fingerprint of the alert's id; 0: the event is of no alert.
	Alert uint64
	// Content is the fingerprint of all that follows from the row alone.
	Content uint64
	// Person is the fingerprint of who acted: user, tuid, and the target of an event about accounts.
	Person uint64
	// OwnName: the user is called by what the row itself says, and not by a directory.
	OwnName bool
	// AttributedBy is how the person was found; empty: the row's own account acted.
	AttributedBy string
}

// The keys that are read.
const (
	keyID           = "event_id"
	keyType         = "event_type"
	keyDomain       = "domain_id"
	keyTUID         = "tuid"
	keyTime         = "timestamp"
	keyPlatformID   = "platform_event_id"
	keyPayload      = "payload"
	keyMetadata     = "raw_metadata"
	keyUser         = "user"
	keyAttributedBy = "attributed_by"
	typeAlert       = "ALERT"
)

// excepted are the keys that are no part of the content, by the key of the map they stand in.
var excepted = map[string]map[string]bool{
	"":          {keyTUID: true},
	keyPayload:  {keyUser: true, "target_user": true, "target_group": true},
	keyMetadata: {"lane": true, "late": true, keyAttributedBy: true},
}

// Of reads the body of a log record.
func Of(body pcommon.Value) (Event, error) {
	if body.Type() != pcommon.ValueTypeMap {
		return Event{}, ErrNone
	}
	m := body.Map()
	id, err := uuid.Parse(text(m, keyID))
	if err != nil {
		return Event{}, ErrNone
	}
	e := Event{ID: id, Type: text(m, keyType), DomainID: text(m, keyDomain), Content: content(m)}
	if at, err := time.Parse(time.RFC3339, text(m, keyTime)); err == nil {
		e.Time = at
	}
	if e.Type == typeAlert {
		e.Alert = hashText(text(m, keyPlatformID))
	}
	payload, metadata := member(m, keyPayload), member(m, keyMetadata)
	user := text(payload, keyUser)
	e.Person = hashAll(text(m, keyTUID), user, text(payload, "target_user"), text(payload, "target_group"))
	e.AttributedBy = text(metadata, keyAttributedBy)
	e.OwnName = isOwnName(user, metadata)
	return e, nil
}

func text(m pcommon.Map, key string) string {
	if v, ok := m.Get(key); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

func member(m pcommon.Map, key string) pcommon.Map {
	if v, ok := m.Get(key); ok && v.Type() == pcommon.ValueTypeMap {
		return v.Map()
	}
	return pcommon.NewMap()
}

// isOwnName reports whether a user is called by the columns of the row: a name, a SID, or a domain and a name.
func isOwnName(user string, metadata pcommon.Map) bool {
	says := func(part string) bool {
		for key, v := range metadata.All() {
			if strings.Contains(key, "account_") && v.Type() == pcommon.ValueTypeStr && strings.EqualFold(v.Str(), part) {
				return true
			}
		}
		return false
	}
	domain, name, both := strings.Cut(user, `\`)
	return user != "" && (says(user) || both && says(domain) && says(name))
}
