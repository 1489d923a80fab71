// Command defenderctl looks after a collector of otelcol-defender.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// The exit statuses.
const (
	exitFound  = 1 // what was asked for was done, and found something wrong
	exitFailed = 2 // it could not be done
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	os.Exit(exitStatus(err))
}

// exitStatus prints the error, unless it is one that the output has said already.
func exitStatus(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFound):
		return exitFound
	case !errors.Is(err, errUnjudged):
		fmt.Fprintf(os.Stderr, "defenderctl: %v\n", err)
	}
	return exitFailed
}
