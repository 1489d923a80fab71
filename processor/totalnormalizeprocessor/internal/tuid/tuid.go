package tuid

import (
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
)

// namespace keeps derived ids apart from all other UUIDs. It never changes: what was derived from it is stored at
// customers.
var namespace = uuid.MustParse("6f1c0f7e-3f5b-5c0b-9a53-0d5d2f4f6a02")

// Unmapped is what becomes of people whom the mapping file does not name.
type Unmapped string

// The choices.
const (
	Derive Unmapped = "derive"
	Empty  Unmapped = "empty"
	Drop   Unmapped = "drop"
)

// ReasonUnmapped is why people without a tuid are dropped.
const ReasonUnmapped = "unmapped"

// Settings say how a person gets a tuid.
type Settings struct {
	DomainID    string
	MappingFile string // empty: none
	Unmapped    Unmapped
}

// TUIDs gives people their tuid: the mapping file's, else what `unmapped` says.
type TUIDs struct {
	domainID string
	unmapped Unmapped
	mapping  *mappingFile // nil: no file
}

// New returns what gives people their tuid. Start must be called before it does.
func New(settings Settings, logger *zap.Logger, now func() time.Time) *TUIDs {
	t := &TUIDs{domainID: settings.DomainID, unmapped: settings.Unmapped}
	if settings.MappingFile != "" {
		t.mapping = &mappingFile{path: settings.MappingFile, logger: logger, now: now}
	}
	return t
}

// Start reads the mapping file; a collector that would give everybody the wrong tuid does not start.
func (t *TUIDs) Start() error {
	if t.mapping == nil {
		return nil
	}
	return t.mapping.load()
}

// Refresh reads the mapping file again if it has changed.
func (t *TUIDs) Refresh() {
	if t.mapping != nil {
		t.mapping.refresh()
	}
}

// Version is another one whenever Of may answer otherwise than before.
func (t *TUIDs) Version() uint64 {
	if t.mapping == nil {
		return 0
	}
	return t.mapping.reads.Load()
}

// Of returns the tuid of a person with this key and these names; empty where people without one are let through. False:
// they are dropped.
func (t *TUIDs) Of(key string, names []string) (string, bool) {
	if t.mapping != nil {
		if tuid, ok := t.mapping.lookup(names); ok {
			return tuid, true
		}
	}
	switch t.unmapped {
	case Drop:
		return "", false
	case Empty:
		return "", true
	default:
		return "tuid-" + uuid.NewSHA1(namespace, []byte(t.domainID+"\x00"+key)).String(), true
	}
}
