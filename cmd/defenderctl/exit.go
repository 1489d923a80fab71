package main

import (
	"errors"
	"fmt"
	"os"
)

// The exit statuses.
const (
	exitFound  = 1 // what was asked for was done, and found something wrong
	exitFailed = 2 // it could not be done
)

// What a command returns when its output has said already what is wrong. Any other error is printed, and is exitFailed.
var (
	errFound    = errors.New("something wrong was found")
	errUnjudged = errors.New("it cannot be judged")
)

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
