// Package distribution has the components of the distribution, for what must know them beside the collector itself.
// Its list is a copy of the one that the OpenTelemetry Collector Builder writes for the collector, so the two agree.
package distribution

//go:generate sh -c "sed -e 's/^package main$/package distribution/' -e 's/^func components()/\\/\\/ Components are the factories of the distribution.\\nfunc Components()/' ../../cmd/otelcol-defender/components.go > components.go"
