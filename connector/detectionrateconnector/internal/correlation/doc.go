// Package correlation decides which alerts belong to an execution. It does no input or output, and knows no clock.
//
// An alert belongs to an execution in one of three ways, the tiers, the strongest first:
//
//	evidence        the alert was created or updated between Before and After around the completion, names the test's host,
//	                and holds a file of the test: one with a name or hash that the execution declares, or with the test's UUID
//	                in its name or path
//	technique_host  the alert was created within ± Window of the completion, has one of the techniques and names the host
//	technique       the same, on any host
//
// A technique of an alert is that of the execution, or its parent with Rollup: T1574 covers a test of T1574.002, but not the
// other way round, and no sibling.
//
// With Hours the times of technique_host and technique are cut to whole hours before they are compared. That is how
// ProjectAchilles counts: a window below 60 minutes then means the same hour.
//
//	rule.go     the settings, and what a rule says of one pair
//	index.go    the alerts by technique and by host, in the order of time
//	outcome.go  what all alerts say of one execution
package correlation
