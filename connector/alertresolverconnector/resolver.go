package alertresolverconnector

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"

	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/task"
)

// resolver is the connector.
type resolver struct {
	cfg    *Config
	set    connector.Settings
	now    func() time.Time
	next   consumer.Logs
	mode   task.Mode
	counts counts
	book   *task.Book
	store  *store

	switched killSwitch
	// woken holds a wish: there may be something to do.
	woken chan struct{}
	end   func(context.Context) // of what Start has begun; nil: nothing
}

func newResolver(set connector.Settings, cfg *Config, next consumer.Logs, now func() time.Time) (*resolver, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("creating the connector's metrics: %w", err)
	}
	book := task.NewBook()
	return &resolver{
		cfg: cfg, set: set, now: now, next: next, mode: task.Mode(cfg.Mode), counts: counts{telemetry, set.ID},
		book: book, store: newStore(book), woken: make(chan struct{}, 1),
	}, nil
}

// wake lets the passes look whether there is something to do.
func (r *resolver) wake() {
	select {
	case r.woken <- struct{}{}:
	default:
	}
}
