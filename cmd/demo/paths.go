package main

// Where the demo reads and writes, relative to the root of the repository.
const (
	configPath = "config/demo.yaml"

	directory     = "out"
	eventsPath    = directory + "/total-events.ndjson"
	emulatorState = directory + "/defendersim"
	caPath        = emulatorState + "/ca.pem"
	emulatorLog   = directory + "/defendersim.log"
	collectorLog  = directory + "/otelcol-defender.log"
)

// stale are the traces of earlier demos, as patterns.
var stale = []string{
	directory + "/cursors", directory + "/dead-letters", emulatorState, directory + "/total-events*.ndjson", emulatorLog, collectorLog,
}
