// Command bench measures what the collector costs, and writes one table. `make bench` runs it.
//
// A run has parts, each of which can be measured alone:
//
//	decode      the benchmark of internal/hunting
//	normalize   the benchmark of processor/totalnormalizeprocessor
//	checkpoint  the benchmarks of the receiver's ledger
//	pipeline    the built collector in a process of its own, from a replaying service into nop, a file, OTLP and Kafka
//	idle        the same with nothing to do: one receiver, 10, 50; one table, 9, 100
//	growth      the same with 1, 10 and 100 times the rows
//
// The service and the destinations are processes of this program, so their work is not the collector's. The service replays
// rows that are recorded at the beginning: the collector is asked what it queries, and the emulator answers these queries,
// with a fixed seed at a fixed time. CPU is what the kernel has counted for all threads of the process, so a busy machine
// changes it little; memory is the kernel's high-water mark. Each part is measured in rounds, and all variants in turn,
// so that a ratio compares neighbours. With -before a second collector is measured in the same rounds.
//
// The lines that are printed are Go's benchmark format, which benchstat reads.
//
//	main.go        the command line
//	run.go         the rounds and the report
//	pipeline.go    parts that have rows to carry
//	idle.go        parts that have none
//	gotests.go     parts that are Go benchmarks
//	recording.go   what the service replays
//	collector.go   a collector: its configuration, its process
//	destination.go the processes that the collector sends to, and the one that it reads from
//	child.go       a process
//	usage_*.go     what the kernel has counted
//	serve.go, sink.go  what this program is in those processes
package main
