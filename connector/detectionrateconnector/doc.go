//go:generate go tool mdatagen metadata.yaml

// Package detectionrateconnector compares executions of security tests with the alerts of Microsoft Defender. It gives the
// share of them that was detected as metrics, and a log record for each execution.
//
// The connector is one for both signals: the Collector makes a component for the pipeline of metrics and another one for
// that of logs, and gives both the same records. The two share a core, which reads what the first one gets.
//
// A call goes through three steps:
//
//  1. Executions and alerts are found among the records and read.
//  2. The book joins them with what it knows.
//  3. What has changed is stored. Only then the call returns: a crash loses nothing that was accepted. If it cannot be
//     stored, the call fails, and the same records come again, which changes nothing in the book.
//
// Once per interval the core reads the executions file, forgets what is too old, tells what is due, and gives the figures. A
// record counts as told when the next consumer has accepted it, and that is stored, too. A crash in between repeats records
// with the same log.record.uid.
//
// The figures are functions of what the book holds and of the time. They do not depend on the order of the records, on
// repeats, or on when the connector was started.
//
//	connector.go  the components of the two signals
//	core.go       what they share
//	round.go      what is done once per interval
//
// The parts are packages below internal, and imports go down only:
//
//	report, journal, executionsfile   the form of the output; storage; the file
//	book                              what is known, what follows from it
//	correlation                       which alerts belong to an execution
//	alert, execution                  read records
//	object                            reads JSON
package detectionrateconnector
