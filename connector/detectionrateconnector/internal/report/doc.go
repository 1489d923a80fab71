// Package report is the form in which the connector gives its figures as metrics, and what it tells of executions as log
// records.
package report
