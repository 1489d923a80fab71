// Package configschema makes a JSON Schema of whole configurations from the factories of a distribution.
//
//	build.go    the sections of a configuration: components, pipelines, telemetry
//	share.go    schemas that occur more than once become definitions
//	shapes.go   the schema of a Go type, with the default that a value of it holds
//	scalars.go  texts, numbers, durations, words
//	prose.go    what the comment of a field says, in the words of the configuration
//	part.go     a part of the finished schema
//	component.go the config.schema.yaml beside a component
//	forms.go    the forms that schemas have
//
// What stands in comments and constants comes from a Source, because a running program does not know it.
//
// The schema refuses what the collector refuses: keys that are none, values of another type, words that are none of those that
// are possible. A reference such as ${env:NAME} may stand for any value. It is stricter than the collector in three things,
// which are always mistakes: a duration without a unit, a fraction for a whole number, and nothing in the place of a text or
// a number. It does not say which settings are required, because a configuration may consist of several files.
package configschema
