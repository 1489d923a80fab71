// Package query writes the queries that the receiver sends: pages of events and of alerts, snapshots of
// directories, counts, the probe, and the sample of a connection test.
//
// A page is a half-open range of one time column, of its time basis, and is ordered by it: arrival
// (ingestion_time()) where the service knows it. Every page query ends in `take`, so that a full page
// is recognised by its number of rows and not by the service's silent cap. All row filters stand in
// one place (filter.go), so that a count of the same range counts the same rows.
//
//	timebasis.go, table.go    the table as one receiver reads it, and its columns
//	range.go, servicetime.go  the range of a page, and the service's time beside the rows
//	filter.go                 rows that are left on the server
//	events.go, alerts.go      the rows of a range
//	directory.go              the newest row of each device or person
//	page.go                   a page of rows, which all of the above make
//	count.go, left.go         counts of a page's rows
//	probe.go, sample.go       what the service knows, and what a connection test asks
package query
