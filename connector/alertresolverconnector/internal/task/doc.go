// Package task knows which alerts wait for a decision, and what was decided. It does no input or output, and is told the
// time.
//
//	judge.go   decides by the state of an alert
//	task.go    an alert, the executions that raised it, its receipts
//	book.go    all tasks
//	record.go  reads the records of the connector detection_rate
package task
