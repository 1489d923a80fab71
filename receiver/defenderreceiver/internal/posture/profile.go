package posture

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Profile is a control as the catalog describes it.
type Profile struct {
	ID, Title, Category, Service string
	// State is what somebody has set last, else Default.
	State      string
	Max        float64 // points; below zero it is not known
	Deprecated bool
	Modified   time.Time // zero: the service does not say
	// Version stands for the content.
	Version string
}

// stateDefault is that of a control that nobody has touched.
const stateDefault = "Default"

// ProfileOf reads a profile of Graph.
func ProfileOf(body pcommon.Map) Profile {
	p := Profile{
		ID: text(body, "id"), Title: text(body, "title"), Category: text(body, "controlCategory"), Service: text(body, "service"), State: stateDefault,
		Max: number(body, "maxScore"), Modified: instant(body, "lastModifiedDateTime"), Version: contentOf(body),
	}
	if v, ok := body.Get("deprecated"); ok {
		p.Deprecated = v.AsString() == "true"
	}
	newest := time.Time{}
	for _, update := range objects(body, "controlStateUpdates") {
		// Of updates without a time the last one in the list counts.
		at, state := instant(update, "updatedDateTime"), text(update, "state")
		if state != "" && !at.Before(newest) {
			p.State, newest = state, at
		}
	}
	return p
}
