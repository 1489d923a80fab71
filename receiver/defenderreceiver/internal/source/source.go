// Package source has what is polled, and the loop that polls it.
//
// A Source knows how to read; its Loop knows when, and carries out what becomes of it after a failure: the verdicts are
// those of package failure. A new kind of source is a new type in a file of its own.
package source

import (
	"context"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// Source is what is polled: one lane of one table.
type Source interface {
	// Poll reads what has come. It reports whether it has left something to read at once.
	Poll(ctx context.Context) (again bool, err error)
	// Furthest changes when a poll comes further than the ones before it: then a failure is no standstill.
	Furthest() time.Time
	// Situation is what the source knows of what a verdict depends on.
	Situation() failure.Situation
	// Adapt changes the next polls, where the service has refused what can be done without. It reports whether it did.
	Adapt(err error) bool
	// Advise adds to an error what an operator can do in the settings of the source.
	Advise(err error) error
	// AskForLess makes the next range smaller for a try, where failures at one place make its size or its data suspect.
	// It reports whether it did so for what is in the data, which is no standstill.
	AskForLess(ctx context.Context, doubt failure.Doubt, err error) bool
	// Succeeded is called after a poll that succeeded.
	Succeeded()
}
