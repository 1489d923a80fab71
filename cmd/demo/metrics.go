package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const (
	metricsURL    = "http://127.0.0.1:8888/metrics"
	queriesMetric = "otelcol_receiver_defender_queries"
)

// queryCount returns how many queries the receiver says that it has sent.
func queryCount(ctx context.Context, url string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("ask for the collector's metrics: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("ask for the collector's metrics: %w", err)
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return 0, fmt.Errorf("read the collector's metrics: %w", err)
	}
	count := 0.0
	for _, metric := range families[queriesMetric].GetMetric() {
		count += metric.GetCounter().GetValue()
	}
	return int(count), nil
}
