// Package report keeps the results of benchmarks and writes them as tables.
//
// A result is a line of Go's benchmark format, so benchstat reads what is printed. Keys in a name tell variants apart, e.g.
// Decode/table=DeviceLogonEvents/way=ours. A figure of a table is the median of all lines with one name.
//
//	result.go   a result, its line and its name
//	set.go      the results of a run: medians by name and unit
//	table.go    a table in Markdown
//	parts.go    the table of each part
//	targets.go  the table that compares with the targets
//	document.go the marked section of a document
package report
