package failure

import (
	"errors"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

// How long a table waits.
const (
	// maxRetryAfter is the longest wait that the service can ask for; a longer one is not believed.
	maxRetryAfter = 15 * time.Minute
	// rateLimitPause is for a 429 that does not say how long.
	rateLimitPause = time.Minute
	// CPUCycle is in which the service counts CPU.
	CPUCycle = 15 * time.Minute
	// passingPause is between the tries of a table whose trouble can pass.
	passingPause = 5 * time.Minute
	// actPause is between the tries of a table that waits for somebody to act.
	actPause = time.Hour
	// absentPause is between the looks at a table that the tenant does not have.
	absentPause = 24 * time.Hour
	// SameTries is how many failures at one place make its size or its data suspect.
	SameTries = 3
)

// Reason is why a source is paused.
type Reason string

// The reasons. None is that of a source that is not paused.
const (
	None                Reason = ""
	ReasonFailures      Reason = "failures"
	ReasonCredentials   Reason = "credentials"
	ReasonPermission    Reason = "permission"
	ReasonNotInPlan     Reason = "not_in_plan"
	ReasonNoArrivalTime Reason = "no_ingestion_time"
	ReasonUser          Reason = "user"
)

// Reasons are all of them, in the order in which they are shown.
func Reasons() []Reason {
	return []Reason{ReasonFailures, ReasonCredentials, ReasonPermission, ReasonNotInPlan, ReasonNoArrivalTime, ReasonUser}
}

// Doubt is what repeated failures at one place make suspect.
type Doubt uint8

const (
	// NoDoubt: the failures say nothing of the query.
	NoDoubt Doubt = iota
	// DoubtSize: less may be answered. It is only a suspicion until it is.
	DoubtSize
	// DoubtData: something in the range may break each answer.
	DoubtData
)

// Situation is what a verdict depends on, beside the error.
type Situation struct {
	// PauseAfter is the number of failures in a row after which a table pauses; 0: never.
	PauseAfter int
	// Failures in a row, this one included.
	Failures int
	// Pause is what exponential backoff has for this failure.
	Pause time.Duration
	// ServiceNow is the service's time.
	ServiceNow time.Time
	// Recent: rows of the table were read lately, so that the tenant has it.
	Recent bool
	// OwnLimits: the source has limits and permissions of its own, which say nothing of the others.
	OwnLimits bool
}

// Scope is for whom a verdict holds.
type Scope uint8

const (
	// ThisSource: the others go on.
	ThisSource Scope = iota
	// Receiver: all sources of the receiver that ask with the same credentials.
	Receiver
	// Tenant: all that use the tenant's quota.
	Tenant
)

// Verdict is what becomes of a source.
type Verdict struct {
	Cause  Cause
	Pause  Reason // None: the source is not paused
	Scope  Scope
	Wait   time.Duration
	Passes bool // by itself: the source may be woken before Wait is over
	Doubt  Doubt
}

// IsFailure reports whether err counts towards the failures in a row: not a wait for quota, nor what stands in
// the way on this side.
func IsFailure(err error) bool {
	switch CauseOf(err) {
	case Throttled, Pipeline, Storage, NoArrival, Stopped:
		return false
	default:
		return true
	}
}

// Judge says what becomes of a source whose poll failed.
func Judge(err error, s Situation) Verdict {
	v := Verdict{Cause: CauseOf(err), Wait: s.Pause}
	switch v.Cause {
	case Throttled:
		v.Wait = throttle(err, s.ServiceNow)
		if !s.OwnLimits {
			v.Scope = Tenant
		}
	case Pipeline, Storage:
		// Nothing is wrong with the table: what stands in its way is on this side.
	case NoArrival:
		v.Pause, v.Wait = ReasonNoArrivalTime, absentPause
	case Absent:
		return absent(v, s)
	case Permission:
		if s.OwnLimits {
			v.Pause, v.Wait = ReasonPermission, actPause
			return v
		}
		return act(v, ReasonPermission, Receiver, s)
	case Credentials:
		scope := Receiver
		if s.OwnLimits {
			scope = ThisSource
		}
		return act(v, ReasonCredentials, scope, s)
	case Licence:
		return act(v, ReasonNotInPlan, ThisSource, s)
	case Query:
		return act(v, ReasonFailures, ThisSource, s)
	case Size:
		// Less is asked for next, which is no standstill.
	case Passing:
		return passing(v, err, s)
	case Stopped:
		v.Wait = 0
	}
	return v
}

// absent: a table that was there lately is missed only for a while.
func absent(v Verdict, s Situation) Verdict {
	if s.Recent {
		return pass(v, s)
	}
	v.Pause, v.Wait = ReasonNotInPlan, absentPause
	return v
}

// act is for what somebody must mend.
func act(v Verdict, reason Reason, scope Scope, s Situation) Verdict {
	if s.due() {
		v.Pause, v.Scope, v.Wait = reason, scope, actPause
	}
	return v
}

// pass is for what ends by itself.
func pass(v Verdict, s Situation) Verdict {
	v.Passes = true
	if s.due() {
		v.Pause, v.Wait = ReasonFailures, max(v.Wait, passingPause)
	}
	return v
}

func passing(v Verdict, err error, s Situation) Verdict {
	if refusal := Refusal(err); refusal != nil {
		v.Wait = max(v.Wait, min(refusal.RetryAfter, maxRetryAfter))
		if s.Failures >= SameTries {
			v.Doubt = doubt(refusal)
		}
	}
	return pass(v, s)
}

func doubt(refusal *hunting.Error) Doubt {
	switch {
	case refusal.Kind == hunting.Interrupted:
		return DoubtData
	case refusal.MaybeSize:
		return DoubtSize
	default:
		return NoDoubt
	}
}

func (s Situation) due() bool { return s.PauseAfter > 0 && s.Failures >= s.PauseAfter }

// throttle is how long a 429 asks to wait.
func throttle(err error, serviceNow time.Time) time.Duration {
	token := (*entra.Error)(nil)
	asked, byDefault := time.Duration(0), rateLimitPause
	switch refusal := Refusal(err); {
	case refusal != nil && refusal.Kind == hunting.CPULimited:
		asked, byDefault = refusal.RetryAfter, serviceNow.Truncate(CPUCycle).Add(CPUCycle).Sub(serviceNow)
	case refusal != nil:
		asked = refusal.RetryAfter
	case errors.As(err, &token):
		asked = token.RetryAfter
	}
	if asked <= 0 {
		return byDefault
	}
	return min(asked, maxRetryAfter)
}
