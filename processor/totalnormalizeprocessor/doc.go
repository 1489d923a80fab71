//go:generate go tool mdatagen metadata.yaml

// Package totalnormalizeprocessor turns rows of Microsoft Defender's hunting tables into TruU TOTAL
// events.
//
// A call goes through four steps:
//
//  1. The intake gives records of the Streaming API the form of the receiver's. It puts directory rows (DeviceInfo,
//     IdentityInfo, Users, AlertInfo) into the directories, and learns from the accounts of event rows. The events of the
//     same call use what it has learned.
//  2. The judge finds who acted in each other row, or remembers it of rows that say the same of their accounts. The
//     person gets a user name and a tuid, and the plan of the row's table builds the event.
//  3. Events are grouped by person. Each group is one ResourceLogs in order of time.
//  4. The order marks records that are older than what was handed on for the person before.
//
// Records that are no Defender rows stand in a copy of their resource, before the events. The records that came in stay
// as they are: another component may hold them.
//
// Each concern is a package below internal, and imports go down only:
//
//	row        reads the columns of a row
//	directory  what is known of devices, people and alerts (imports row)
//	actor      who acted, and whether that is a person (imports directory)
//	event      builds the event (imports row)
//	tuid       gives people their tuid
//	memo       remembers answers until what they depend on changes
//	order      groups a person's events, and marks late ones
//	store      keeps entries over restarts
//
// This package has the configuration, the four steps and the counts.
//
// No row is held back and no content makes a call fail: a row becomes an event, or it is dropped and
// counted with a reason. Everything happens inside ConsumeLogs, so its nil means that the next
// consumer has the events. The newest time handed on changes only then.
package totalnormalizeprocessor
