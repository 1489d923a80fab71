// Package destination reads the TOTAL events that a destination holds: files of the file exporter, or a Kafka topic.
//
// A destination is read as it stood when reading began: files up to their size at that time, a topic up to its end then.
// The forms that the exporters write are told by their first bytes, and need not be named:
//
//   - one event a line (ndjson_encoding in files, `raw` in topics)
//
//   - OTLP as JSON (one request a line), and as protocol buffers (in files each behind its length in four bytes)
//
//   - all of these compressed with gzip or zstd: a file as a whole, or each of its messages as the exporter does
//
//     destination.go  what reading gives
//     payload.go      events of a line, a message or a request
//     files.go        which files
//     file.go         one file
//     topic.go        a topic
package destination
