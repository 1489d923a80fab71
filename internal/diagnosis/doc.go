// Package diagnosis is the result of a connection test: what was looked at, what came of it, and what to do about it. The
// receiver fills it; defenderctl and the control extension show it.
//
//	result.go  the result and its checks
//	text.go    the table for a terminal
package diagnosis
