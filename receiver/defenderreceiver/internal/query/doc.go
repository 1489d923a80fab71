// Package query writes the queries that the receiver sends, one kind a file: pages of events and of
// alerts, snapshots of directories, the probe, and the sample of a connection test.
//
// A page is a half-open range of one time column, of its time basis, and is ordered by it: arrival
// (ingestion_time()) where the service knows it. Every page query ends in `take`, so that a full page
// is recognised by its number of rows and not by the service's silent cap. All row filters stand in
// one place (filter.go), so that a count of the same range counts the same rows.
package query
