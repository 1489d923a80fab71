package defenderreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/journal"
)

// Report implements control.Reporter.
func (c *controlled) Report(ctx context.Context, day time.Time) (control.Result, error) {
	return c.cfg.report(ctx, c.journal, c.id, proof.DayOf(day))
}

// StoredIn is the storage extension that a report of a receiver that does not run is made from; nil: it has none.
func (c *Config) StoredIn() *component.ID { return c.StorageID }

// StoredReport makes the report of a day from the storage of a receiver that does not run.
func (c *Config) StoredReport(ctx context.Context, host component.Host, id component.ID, day proof.Day) (*proof.Report, error) {
	store, err := sharedClient(ctx, host, c.StorageID, id)
	if err != nil {
		return nil, err
	}
	report, err := c.report(ctx, journal.New(store, c.Credentials.TenantID), id.String(), day)
	return report, errors.Join(err, store.Close(ctx))
}

func (c *Config) report(ctx context.Context, j *journal.Journal, id string, day proof.Day) (*proof.Report, error) {
	report, err := j.Report(ctx, day, c.audited(), time.Now())
	if err != nil {
		return nil, err
	}
	report.Receiver = id
	return report, nil
}

// audited are the tables whose rows are counted on the service.
func (c *Config) audited() []string {
	var names []string
	for _, declared := range c.Tables.declared() {
		if c.Tables[declared.Name].Enabled && declared.Kind != tables.Directory && declared.Source != tables.Graph {
			names = append(names, declared.Name)
		}
	}
	return names
}
