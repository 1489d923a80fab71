package control

import "slices"

// best is the order of states in which a receiver has the first that one of its tables has.
var best = []State{Running, WaitingQuota, BackingOff, Refused, Paused, Disabled}

// Summarize gives the state of a receiver: running as long as one table is. reason is why all its tables are paused, if
// it is one and the same.
func Summarize(tables []Table) (state State, reason string) {
	state = Disabled
	for _, t := range tables {
		if slices.Index(best, t.State) < slices.Index(best, state) {
			state = t.State
		}
	}
	if state != Paused {
		return state, ""
	}
	for _, t := range tables {
		switch {
		case t.State != Paused:
		case reason == "":
			reason = t.Reason
		case reason != t.Reason:
			return state, ""
		}
	}
	return state, reason
}
