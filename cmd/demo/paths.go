package main

const (
	configPath      = "config/demo.yaml"
	emulatorAddress = "127.0.0.1:8443"

	directory     = "out"
	eventsPath    = directory + "/total-events.ndjson"
	emulatorState = directory + "/defendersim"
	caPath        = emulatorState + "/ca.pem"
	emulatorLog   = directory + "/defendersim.log"
	collectorLog  = directory + "/otelcol-defender.log"
)

// port is an address that the demo needs, and what for.
type port struct{ address, user string }

// ports are what config/demo.yaml and the emulator listen on.
var ports = []port{
	{emulatorAddress, "the emulator"},
	{"127.0.0.1:13133", "the collector's health check"},
	{"127.0.0.1:8888", "the collector's metrics"},
}

// stale are the traces of earlier demos, as patterns.
var stale = []string{
	directory + "/cursors", directory + "/dead-letters", emulatorState, directory + "/total-events*.ndjson", emulatorLog, collectorLog,
}
