// Package execution reads executions of security tests: what was run, where, when, and how it ended.
//
// An execution has one of these forms, as attributes of a log record, as a record's body, or as a line of a file:
//
//   - attributes: security.test.* and host.name, or the same without the prefix, as columns of a CSV file have it
//   - achilles: a document of the index achilles-results of ProjectAchilles
//   - f0: the result of a test of f0_library, schema 2.0, or its bundle_results.json, which has several executions
//
// Two versions of one execution are two records with the same id. The later one by Newer counts, whichever came first.
package execution
