package testbed

import "time"

// Epoch is when the time of a stage begins.
var Epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// Wait is how long a test waits in real time for what should happen within milliseconds.
const Wait = time.Minute
