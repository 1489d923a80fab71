// Package health is the one owner of what can be seen of a receiver's sources.
//
// A Source is one lane of one table: its loop writes what happens (progress, failures, pauses), and everybody else
// reads a View: metrics, the component's status, the log's hourly line, and the control extension. A Registry holds
// the sources of a receiver and what concerns all of them: refused credentials, throttling, the quota, dead letters.
//
// Whether a trouble is news depends on what all sources have. The conditions of all sources therefore stand on one board
// (board.go), under one lock; the counts of a source stand with the source.
//
// What can be commanded of a source stands here, too (command.go): a pause by a user, its end, and a poll now. The loop
// of the source obeys between two polls.
//
// The component's status changes only when trouble begins or ends, because a health check measures recovery_duration
// from the last change. The text of the status is made when it is read. One cause gives one message, which names all
// sources that fail alike.
package health
