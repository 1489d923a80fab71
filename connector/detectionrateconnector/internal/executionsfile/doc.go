// Package executionsfile reads executions from a file: lines of JSON, or CSV with a line of column names.
//
// The whole file is read again when its size or time has changed. That is cheap enough, and right whoever writes it, as
// executions that are known already are passed over. A last line that is not whole yet is left for the next time; of CSV, any
// last line without an end.
package executionsfile
