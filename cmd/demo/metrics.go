package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Metrics of the receiver and of the processor.
const (
	queriesMetric = "otelcol_receiver_defender_queries"
	rowsMetric    = "otelcol_receiver_defender_rows"
	lagMetric     = "otelcol_receiver_defender_cursor_lag"
	recordsMetric = "otelcol_processor_total_normalize_records"
)

// figures are what the collector says of its tables, by name.
type figures map[string]*tableFigures

// tableFigures are those of one table.
type tableFigures struct {
	queries int
	rows    int           // that the pipeline has accepted
	events  int           // rows that became an event
	dropped int           // rows that no person caused
	lag     time.Duration // age of the time up to which the table was read whole
}

// read are the names of the tables that are read, sorted. The others' series exist, too.
func (f figures) read() []string {
	names := slices.Sorted(maps.Keys(f))
	return slices.DeleteFunc(names, func(name string) bool { return *f[name] == tableFigures{} })
}

// sum adds the tables up. Its lag is the greatest.
func (f figures) sum() tableFigures {
	var all tableFigures
	for _, t := range f {
		all.queries += t.queries
		all.rows += t.rows
		all.events += t.events
		all.dropped += t.dropped
		all.lag = max(all.lag, t.lag)
	}
	return all
}

// ask reads the figures from the collector's metrics.
func ask(ctx context.Context, url string) (figures, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask for the collector's metrics: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask for the collector's metrics: %w", err)
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the collector's metrics: %w", err)
	}
	return newFigures(families), nil
}

func newFigures(families map[string]*dto.MetricFamily) figures {
	f := figures{}
	add := func(metric string, take func(t *tableFigures, value float64, outcome string)) {
		for _, point := range families[metric].GetMetric() {
			table := label(point, "table")
			if table == "" {
				continue
			}
			if f[table] == nil {
				f[table] = &tableFigures{}
			}
			take(f[table], point.GetCounter().GetValue()+point.GetGauge().GetValue(), label(point, "outcome"))
		}
	}
	add(queriesMetric, func(t *tableFigures, value float64, _ string) { t.queries += int(value) })
	add(rowsMetric, func(t *tableFigures, value float64, outcome string) {
		if outcome == "delivered" {
			t.rows += int(value)
		}
	})
	add(lagMetric, func(t *tableFigures, value float64, _ string) {
		t.lag = max(t.lag, time.Duration(value*float64(time.Second)))
	})
	add(recordsMetric, func(t *tableFigures, value float64, outcome string) {
		switch outcome {
		case "mapped":
			t.events += int(value)
		case "dropped":
			t.dropped += int(value)
		}
	})
	return f
}

func label(point *dto.Metric, name string) string {
	for _, pair := range point.GetLabel() {
		if pair.GetName() == name {
			return strings.TrimSpace(pair.GetValue())
		}
	}
	return ""
}
