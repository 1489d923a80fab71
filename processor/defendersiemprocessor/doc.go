//go:generate go tool mdatagen metadata.yaml

// Package defendersiemprocessor turns alerts of Microsoft Graph's security API into records of the former SIEM API of
// Microsoft Defender for Endpoint, which readers of that API parse.
//
// A call goes through four steps:
//
//  1. The alerts are found: log records whose event name is microsoft.defender.alert_v2, of the services of the settings.
//     Other records stay where they are, or are dropped.
//  2. The indicators of each alert are found: its processes, files, addresses and URLs. Each has an identity that is the
//     same in every version of the alert.
//  3. Those of which no record was handed on yet get the alert's next number, and a record of 50 fields.
//  4. The next consumer takes the records. Only then they count as handed on, in memory and in the storage.
//
// The parts are packages below internal, and imports go down only:
//
//	selection  which records a version of an alert gives
//	emitted    which records were handed on
//	record     the 50 fields of a record
//	indicator  the indicators of an alert and their identity
//	alert      reads an alert
//
// emitted and record do not know each other: selection joins them.
//
// No content makes a call fail. A call fails if the next consumer refuses the records, or if the storage cannot be read;
// nothing is noted then, and the same records come with the next try. Calls with alerts are handed on one after another:
// of two versions of one alert at once, both would give the same records.
package defendersiemprocessor
