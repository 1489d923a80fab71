package query

// TimeBasis is the time that a table is read along.
type TimeBasis uint8

const (
	// Arrival is ingestion_time(): however late a row comes, it comes at the end.
	Arrival TimeBasis = iota
	// EventTime is Timestamp, for a service that does not say when rows arrived.
	EventTime
)

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
