// Package graphalert reads alerts of Graph's security API as rows of the hunting table Alerts: one row for each distinct
// item of an alert's evidence, under the table's column names and with its words, so that the rules of that table say who
// acted.
package graphalert
