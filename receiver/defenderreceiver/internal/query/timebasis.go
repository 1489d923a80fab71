package query

// basisNames are the time bases by their names in the configuration and in stored cursors.
var basisNames = [...]string{Arrival: "ingestion_time", EventTime: "event_time"}

// String is the name of the time basis in the configuration and in stored cursors.
func (b TimeBasis) String() string { return basisNames[b] }

// TimeBasisOf is the time basis of a name in a cursor.
func TimeBasisOf(name string) TimeBasis {
	if name == basisNames[EventTime] {
		return EventTime
	}
	return Arrival
}
