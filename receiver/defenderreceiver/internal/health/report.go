package health

import (
	"context"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// group is one cause and the sources that have it.
type group struct {
	names []string
	err   error
}

// Status is the text of the present troubles: a line for each cause. It is empty if there are none.
func (r *Registry) Status() string {
	groups := r.troubles()
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		g := groups[key]
		slices.Sort(g.names)
		lines = append(lines, strings.Join(g.names, ", ")+": "+g.err.Error())
	}
	return strings.Join(lines, "\n")
}

// current is an error whose text is that of the moment it is read. A status that was reported once can so say what
// has come since, without a new status, from whose time a health check would measure its patience anew.
type current struct{ registry *Registry }

func (c current) Error() string {
	if text := c.registry.Status(); text != "" {
		return text
	}
	return "the trouble is over"
}

// Run reports the component's status to the host when trouble begins or ends, until ctx ends. A permanent error is
// never reported, because the state machine has no way back from it, and all that can happen while polling can heal.
func (r *Registry) Run(ctx context.Context, host component.Host) {
	var told told
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		if next := r.next(told); next.event != nil {
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
func (r *Registry) next(last told) told {
	now := told{trouble: len(r.troubles()) > 0, notes: r.noted()}
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
		now.event = componentstatus.NewEvent(componentstatus.StatusRecoverableError, with, componentstatus.WithError(current{r}))
	}
	return now
}
