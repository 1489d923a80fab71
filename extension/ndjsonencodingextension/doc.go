// Package ndjsonencodingextension writes each log record's body as one line of JSON (NDJSON), for exporters that
// take an encoding extension, such as the file exporter.
//
// MarshalLogs appends the body of each record, in their order, to one buffer. Attributes, resource and timestamps are not
// written, because the body is the whole event. One record is one line, because a JSON string never contains a raw line
// feed. The writer appends from pdata without map[string]any, so 64-bit integers stay exact and keys keep their order.
//
//	extension.go  the component: MarshalLogs
//	json.go       pdata values to JSON text
//	file.go       the file that is appended to: whether the exporter still has it open under its path, and whether
//	              it ends in the middle of a line
//	file_unix.go  which files this process writes to
package ndjsonencodingextension

//go:generate go tool mdatagen metadata.yaml
