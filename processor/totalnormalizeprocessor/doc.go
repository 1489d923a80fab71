//go:generate go tool mdatagen metadata.yaml

// Package totalnormalizeprocessor turns rows of Microsoft Defender's hunting tables into TruU TOTAL
// events.
//
// A call goes through three steps. Directory rows (DeviceInfo, IdentityInfo) are taken into the
// directories first, so that the events of the same call already profit. Each remaining row asks the
// resolver who acted; the person found gets a user name and a tuid, and the plan of the row's table
// (event.go, driven by internal/tables) builds the event. Events are then grouped by person, each
// group one ResourceLogs ordered by time. What is no Defender row stays where it was.
//
// No row is held back and no content makes a call fail: a row becomes an event, or it is dropped and
// counted with a reason. Everything happens inside ConsumeLogs, so its nil means that the next
// consumer has the events.
package totalnormalizeprocessor
