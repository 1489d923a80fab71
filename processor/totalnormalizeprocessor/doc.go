//go:generate go tool mdatagen metadata.yaml

// Package totalnormalizeprocessor turns rows of Microsoft Defender's hunting tables into TruU TOTAL
// events.
//
// A call goes through four steps. The intake makes records of the Streaming API what the receiver
// would have made of them, takes directory rows (DeviceInfo, IdentityInfo, Users, AlertInfo) into the
// directories, and learns from what event rows say of their accounts, so that the events of the same
// call already profit. Each remaining row asks the resolver who acted; the person found gets a user
// name and a tuid, and the plan of the row's table builds the event. Events are then grouped by person,
// each group one ResourceLogs ordered by time. Last, the order marks what is older than what was handed
// on for the person before. What is no Defender row stays where it was.
//
// Each concern is a package below internal, and imports go down only:
//
//	row        reads the columns of a row
//	directory  what is known of devices, people and alerts (imports row)
//	actor      who acted, and whether that is a person (imports directory)
//	event      builds the event (imports row)
//	tuid       gives people their tuid
//	order      groups a person's events, and marks late ones
//	store      keeps entries over restarts
//
// This package has the configuration, the four steps and the counts.
//
// No row is held back and no content makes a call fail: a row becomes an event, or it is dropped and
// counted with a reason. Everything happens inside ConsumeLogs, so its nil means that the next
// consumer has the events; what depends on that, the newest time handed on, changes only then.
package totalnormalizeprocessor
