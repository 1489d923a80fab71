package step

import (
	"fmt"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
)

// Finding is what a step found. Detail and Remedy hold no secrets.
type Finding struct {
	Outcome        diagnosis.Outcome
	Severity       diagnosis.Severity
	Detail, Remedy string
}

// Fine is what a step found that leaves nothing to do.
func Fine(format string, args ...any) Finding {
	return Finding{Outcome: diagnosis.OK, Detail: fmt.Sprintf(format, args...)}
}

// Check is the finding as a check that began at a time.
func (f Finding) Check(group diagnosis.Group, name, subject string, began time.Time) diagnosis.Check {
	return diagnosis.Check{
		Group: group, Name: name, Subject: subject, Outcome: f.Outcome, Severity: f.Severity, Detail: f.Detail, Remedy: f.Remedy,
		Duration: diagnosis.Seconds(time.Since(began)),
	}
}

// Unusable is the result of a receiver whose settings leave nothing to be asked with.
func Unusable(receiver string, err error) *diagnosis.Result {
	result := &diagnosis.Result{Receiver: receiver, Started: time.Now().UTC(), Checks: []diagnosis.Check{}}
	result.Add(diagnosis.Check{
		Group: diagnosis.Connection, Name: "settings", Outcome: diagnosis.BadSettings, Severity: diagnosis.Fatal,
		Detail: err.Error(), Remedy: "mend what is named; the collector would not start the receiver either",
	})
	return result
}

// Ended is about a test that was ended before it was through.
func Ended() Finding {
	return Finding{diagnosis.Failed, diagnosis.Fatal, "the test was ended before it was through", "run it again"}
}

// NoAnswer is about a request that no answer came to in time.
func NoAnswer() Finding {
	return Finding{diagnosis.TimedOut, diagnosis.Fatal, "no answer came in time", "run it again; if it stays so, look at the network"}
}

// Wait is what to do about a service that asks to wait.
func Wait(asked, otherwise time.Duration) string {
	if asked <= 0 {
		asked = otherwise
	}
	return "wait " + asked.Round(time.Second).String() + ": the receiver does so by itself"
}
