// Package pipelinecheck reads a Collector configuration and says where rows of Microsoft Defender can get lost, come out
// of order, come again or get stuck on their way from the receiver to the exporters.
//
// Load resolves the configuration with the Collector's own resolver and providers. Check decodes every component with that
// component's own factory, so that defaults, `enabled: false` and the like mean what they mean in the Collector, and writes
// it back as a flat map: the effective settings. From every source of rows (a `defender` receiver, a `kafka` receiver that
// decodes the Streaming API) it follows the pipelines, through connectors too, and holds each rule of the table in rules.go
// against what it meets. Components that it has no rules for are named as not judged.
//
//	load.go           the resolver, and which variables it reads
//	configuration.go  Check: components and pipelines of a configuration
//	known.go          the components of this build, and those that can be judged
//	component.go      effective settings of one component
//	decode.go         why the collector would refuse settings
//	secret.go         what is a secret
//	mask.go           settings with placeholders for their secrets
//	unreadable.go     errors of configurations whose values are not known
//	flow.go           what the rows of one source pass through
//	rules*.go         the table: what is looked for, why it matters, what to do
//	where.go          the words that the table is written in
//	validity.go       what the collector would refuse beside settings
//	report.go         what was found
package pipelinecheck
