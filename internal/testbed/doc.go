// Package testbed is the stage of tests in which a component and the emulator meet.
//
//	NewStage       an emulator with a clock of its own, and what outlives a component: storage, pipeline, health, metrics
//	InFakeTime     the same in synthetic time: it passes at once while all wait, and the emulator's clock follows it
//	StartEmulator  an emulator alone, for tests of whole programs
//	FreePort       a port to hand over to the collector of a test
//	LogonRow       the row that a test plants where any row will do
//
// The Collector around a component is in the package collector, which does without the emulator. Nothing here knows a
// component: the tests of a component add how they configure, create and start it.
//
// Tests alone import these packages. A test of architecture and a rule of depguard hold that.
package testbed
