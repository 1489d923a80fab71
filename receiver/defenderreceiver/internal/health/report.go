package health

import (
	"context"
	"maps"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// current is an error whose text is that of the moment it is read. A status that was reported once can so say what
// has come since, without a new status, from whose time a health check would measure its patience anew.
type current struct{ board *board }

func (c current) Error() string {
	if text := c.board.status(); text != "" {
		return text
	}
	return "the trouble is over"
}

// report reports the component's status to the host when trouble begins or ends, until ctx ends. A permanent error is
// never reported, because the state machine has no way back from it, and all that can happen while polling can heal.
func (b *board) report(ctx context.Context, host component.Host) {
	var told told
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
		if next := b.next(told); next.event != nil {
			told = next
			componentstatus.ReportStatus(host, next.event)
		}
	}
}

// told is what was reported last.
type told struct {
	event   *componentstatus.Event
	trouble bool
	notes   map[string]string
}

// next is what is to be reported after last; its event is nil if nothing is. While there is trouble, new notes wait.
func (b *board) next(last told) told {
	now := told{trouble: len(b.troubles()) > 0, notes: b.noted()}
	if now.trouble == last.trouble && (now.trouble || maps.Equal(now.notes, last.notes)) {
		return told{}
	}
	attributes := pcommon.NewMap()
	for name, text := range now.notes {
		attributes.PutStr(name, text)
	}
	with := componentstatus.WithAttributes(attributes)
	now.event = componentstatus.NewEvent(componentstatus.StatusOK, with)
	if now.trouble {
		now.event = componentstatus.NewEvent(componentstatus.StatusRecoverableError, with, componentstatus.WithError(current{b}))
	}
	return now
}
