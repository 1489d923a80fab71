package totalnormalizeprocessor

import (
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
)

// resolvedTUID is a person's tuid; empty where people without one are let through.
type resolvedTUID string

// tuids gives people their tuid: the mapping file's, else what `unmapped` says.
type tuids struct {
	domainID string
	unmapped Unmapped
	mapping  *mappingFile // nil: no file
}

func newTUIDs(cfg *Config, logger *zap.Logger, now func() time.Time) *tuids {
	t := &tuids{domainID: cfg.DomainID, unmapped: cfg.TUID.Unmapped}
	if cfg.TUID.MappingFile != "" {
		t.mapping = &mappingFile{path: cfg.TUID.MappingFile, logger: logger, now: now}
	}
	return t
}

// start reads the mapping file; a collector that would give everybody the wrong tuid does not start.
func (t *tuids) start() error {
	if t.mapping == nil {
		return nil
	}
	return t.mapping.load()
}

// refresh reads the mapping file again if it has changed.
func (t *tuids) refresh() {
	if t.mapping != nil {
		t.mapping.refresh()
	}
}

// of returns the person's tuid; false: people without one are dropped.
func (t *tuids) of(p person) (resolvedTUID, bool) {
	if t.mapping != nil {
		if tuid, ok := t.mapping.lookup(p.names); ok {
			return resolvedTUID(tuid), true
		}
	}
	switch t.unmapped {
	case UnmappedDrop:
		return "", false
	case UnmappedEmpty:
		return "", true
	default:
		return resolvedTUID("tuid-" + uuid.NewSHA1(tuidNamespace, []byte(t.domainID+"\x00"+p.key)).String()), true
	}
}
