// Package audit compares what the service counts with the ledger of what was delivered, and says what an
// audit found. It decides only: who counts and reads is its caller.
package audit
