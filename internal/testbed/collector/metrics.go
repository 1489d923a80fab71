package collector

import (
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Metrics are what a component has counted and measured.
type Metrics struct{ *componenttest.Telemetry }

// NewMetrics returns metrics that nothing was counted in.
func NewMetrics() Metrics { return Metrics{componenttest.NewTelemetry()} }

// Sum is that of a counter's points that have a value of an attribute. It is 0 if nothing was counted.
func (m Metrics) Sum(name, key, value string) int {
	sum := 0
	for _, point := range m.Points(name) {
		if v, _ := point.Attributes.Value(attribute.Key(key)); v.AsString() == value {
			sum += int(point.Value)
		}
	}
	return sum
}

// Points are those of a counter or gauge of whole numbers, none if it has no value.
func (m Metrics) Points(name string) []metricdata.DataPoint[int64] {
	found, err := m.GetMetric(name)
	if err != nil {
		return nil
	}
	switch data := found.Data.(type) {
	case metricdata.Sum[int64]:
		return data.DataPoints
	case metricdata.Gauge[int64]:
		return data.DataPoints
	}
	return nil
}
