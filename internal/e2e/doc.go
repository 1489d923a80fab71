// Package e2e holds tests of the finished collector: the program otelcol-defender is built once, and runs as a
// process of its own against an emulator in the test's process.
//
// # Design
//
// The collector's configuration is testdata/collector.yaml. One receiver feeds two pipelines: `raw` writes every row
// as it was read, with its log.record.uid, and `total` writes TOTAL events. The raw rows are compared one by one with
// the emulator's truth, and the events with the raw rows, so that neither receiver nor processor judges itself.
//
//	build_test.go      the program, built once
//	stage_test.go      an emulator and the directory in which collectors run one after the other
//	collector_test.go  a collector's process: start, stop, kill
//	output_test.go     what the file exporters wrote, rotated files and broken lines included
//	truth_test.go      which rows should have come, by the emulator
//	people_test.go     which rows are a person's doing, judged by the test's own, coarser rules
//	history_test.go    the lives of collectors that are killed one after the other
//	shipped_test.go    collectors with the configurations that users copy, against the emulator
//	expected_test.go   the events that must be delivered, whatever the far side does
//	kafkatopic_test.go what a consumer of its own reads of a topic, and in which order
//	kafkabroker_test.go Apache Kafka itself, started and ended by scripts/kafka
//	otlpserver_test.go an OTLP server that answers as its script says
//	clickhouseserver_test.go ClickHouse's native protocol, with one table
//	lokiserver_test.go Loki's OTLP endpoint with its limits
//	eventhubout_test.go brokers that refuse what Event Hubs refuses
//	gateway_test.go    a backend behind a second collector
//	refusal_test.go    destinations that refuse everything, and single rows that are refused
//	reload_test.go     SIGHUP in the middle of the work, and with a bad file
//	secrets_test.go    all that a collector prints, serves and stores, searched for secrets
//	tworeceivers_test.go two receivers in one process, the first broken in many ways: what alerts, status and log say
//	alerts_test.go     docs/alerts.yml, evaluated by Prometheus' own engine over what was scraped
//	watched_test.go    the series that rules, dashboard and documented queries select, in a real scrape; the runbook
//	prometheus_test.go Prometheus itself, and a fault for each rule; `make prometheus` runs it
//	hidingproxy_test.go a proxy that leaves out rows which the service counts
//	memory_test.go     how much memory a collector takes
//	progress_test.go   what a collector stored: the only file that knows the form of stored cursors
//
// The tests of delivery start the configurations under config/, with testdata/emulator.yaml laid over them, and let the
// far side fail: brokers of kfake in this process, an OTLP server, a second collector, a small disk. What must come was
// found out by an undisturbed collector first. TestBroker does it with Apache Kafka itself; `make integration` runs it.
//
// The remaining files are the tests. TestKill draws from a seed that it prints; E2E_SEED repeats a run.
package e2e
