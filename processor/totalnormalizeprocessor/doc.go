//go:generate go tool mdatagen metadata.yaml

// Package totalnormalizeprocessor turns rows of Microsoft Defender's hunting tables into TruU TOTAL
// events.
//
// A call goes through four steps. The intake makes records of the Streaming API what the receiver
// would have made of them, takes directory rows (DeviceInfo, IdentityInfo, Users, AlertInfo) into the
// directories, and learns from what event rows say of their accounts, so that the events of the same
// call already profit. Each remaining row asks the resolver who acted; the person found gets a user
// name and a tuid, and the plan of the row's table (event.go, driven by internal/tables) builds the
// event. Events are then grouped by person, each group one ResourceLogs ordered by time. Last, order
// marks what is older than what was handed on for the person before. What is no Defender row stays
// where it was.
//
// Directories are bounded in size and age (aging.go). They, and the order of events (orderkeeping.go), are
// kept over restarts where there is a storage.
//
// No row is held back and no content makes a call fail: a row becomes an event, or it is dropped and
// counted with a reason. Everything happens inside ConsumeLogs, so its nil means that the next
// consumer has the events; what depends on that, the newest time handed on, changes only then.
package totalnormalizeprocessor
