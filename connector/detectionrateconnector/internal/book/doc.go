// Package book holds the executions and alerts of the lookback, and says what follows from them. It does no input or output,
// and is told the time.
//
//	     now - lookback                     now - settle          now
//	-----------+-----------------------------------+---------------+---> completion
//	forgotten  | counted, whether detected or not  | not counted   |
//	           | told                              | told if detected
//
// What comes is joined with what is known of the same execution or alert, so that neither order nor repeats matter. An
// execution is told once it is decided: as soon as it is detected, else when it has settled. It is told again, as a
// correction, whenever what was told has become wrong. The figures count settled executions only: before, those that will be
// detected late would be missing.
//
//	book.go     what comes in, what is forgotten
//	figures.go  what is counted
//	telling.go  what is told
//	entry.go    the stored form
//	run.go      an execution, and what was told of it
//	key.go      what is stored, and under which name
package book
