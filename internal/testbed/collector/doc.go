// Package collector stands in for the Collector around a component in tests.
//
// A [Host] has extensions and hears of the component's health in a [Status]. A [Storage] keeps what a component stores in
// memory. A [Sink] is the pipeline behind a receiver, [Metrics] are what a component has counted.
package collector
