package health

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// State is what a source does.
type State string

// The states.
const (
	Running      State = "running"
	WaitingQuota State = "waiting_quota" // the quota is used up, or the service throttles
	BackingOff   State = "backing_off"   // after a failure
	Refused      State = "refused"       // the pipeline takes nothing, or what was delivered cannot be stored
	Paused       State = "paused"
)

// Condition is how a source fares.
type Condition struct {
	State    State
	Reason   failure.Reason // why it is paused
	Err      error          // why it does not run; nil while it does
	Failures int            // in a row
	LastPoll time.Time      // when a poll ended last; zero: never
	NextPoll time.Time      // when the next one begins; zero: at once, or it is not known while the source is paused
}

// Trouble is why a source does not run.
type Trouble struct {
	Err error
	// key is equal for troubles that tell an operator the same; empty: there is none.
	key string
}

// troubleOf is the trouble of a source in a state.
func troubleOf(state State, reason failure.Reason, err error) Trouble {
	if err == nil {
		return Trouble{}
	}
	return Trouble{err, keyOf(state, reason, failure.Key(err))}
}

// keyOf tells troubles apart.
func keyOf(state State, reason failure.Reason, cause string) string {
	return string(state) + string(reason) + cause
}

// isDoubted reports whether the trouble is of the credentials, which is told for all sources at once.
func (t Trouble) isDoubted() bool {
	cause := failure.CauseOf(t.Err)
	return cause == failure.Credentials || cause == failure.Permission
}
