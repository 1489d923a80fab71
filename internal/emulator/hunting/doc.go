// Package hunting emulates Microsoft Defender's two Advanced Hunting APIs: Microsoft Graph's and the legacy one of
// Microsoft Threat Protection.
//
// A query passes the check of its token, the quotas, the decoding of its body, the KQL engine and the planned faults. Its
// result is held in memory until it is known to keep the limits, and is then streamed. Both APIs share the quotas and the
// rows. The CPU that a query costs is made up from the rows that it read and returned. Wire forms of values vary as the
// service's do (see Quirks), always the same way for the same row.
//
// There are no other operations of the APIs, no hunting across workspaces, and no partial results with a warning.
//
//	endpoints.go  the way of a query through the service
//	evaluate.go   the run of a query, up to the limits
//	request.go    the bodies of both APIs
//	timespan.go   Graph's Timespan
//	hunting.go    what both APIs share
//	frame.go      what stands around the rows of an answer
//	rowwriter.go  a row as JSON
//	quirks.go     which wire form a value has
//	engine.go     the KQL engine, or what tests put in its place
//	quotas.go     calls and CPU that are left; limits.go how many there are
//	hold.go       queries that wait until a test lets them go
package hunting
