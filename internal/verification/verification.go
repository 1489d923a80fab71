package verification

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/consumer"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/destination"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/event"
)

// Source has the rows.
type Source interface {
	// Tables are the event tables that the receiver reads.
	Tables() []string
	// Due is when a table's rows must have arrived to be delivered by a time: at from or later, and before until.
	Due(table string, by time.Time) (from, until time.Time)
	// ReadDirectories gives what the source knows of devices and people.
	ReadDirectories(ctx context.Context, next consumer.Logs) error
	// ReadRows gives the rows of a table that happened in a half-open period.
	ReadRows(ctx context.Context, table string, from, to time.Time, next consumer.Logs) error
}

// Plan is what is verified.
type Plan struct {
	// From and To are the period of event time, From within it and To not.
	From, To time.Time
	// Tables are those that are verified; none: all that the receiver reads.
	Tables []string
	// DomainID is the domain whose events are compared.
	DomainID string
	// Named is how many events of each kind the report names.
	Named int
	// Temporary is a directory for temporary files; empty: where the system has them.
	Temporary string
	// Opened is when the destination was opened.
	Opened time.Time

	Source      Source
	Destination destination.Destination
	// Process makes events of rows, and gives both to take.
	Process func(take func(comparison.Row) error) (consumer.Logs, error)
	// Progress is told what is being done; it may be nil.
	Progress func(string)
}

// Run verifies. An error says that it could not be judged.
func Run(ctx context.Context, p Plan) (report *Report, err error) {
	selected, err := p.selected()
	if err != nil {
		return nil, err
	}
	due := map[string]comparison.Span{}
	for _, table := range selected {
		from, until := p.Source.Due(table, p.Opened)
		due[table] = comparison.Span{From: from, Until: until}
	}
	c, err := comparison.New(comparison.Settings{
		From: p.From, To: p.To, Due: due, DomainID: p.DomainID, Types: p.types(selected), Named: p.Named, Directory: p.Temporary,
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	p.say("reading the destination")
	held, err := p.Destination.Read(ctx, func(e event.Event, place comparison.Place) error { return c.Find(e, place) })
	if err != nil {
		return nil, fmt.Errorf("read the destination: %w", err)
	}
	p.say(fmt.Sprintf("the destination holds %d events", held.Events))
	if err := p.readSource(ctx, selected, c); err != nil {
		return nil, err
	}
	result, err := c.Compare(p.Destination.Show)
	if err != nil {
		return nil, err
	}
	return &Report{From: p.From, To: p.To, Destination: held, Result: result}, nil
}

// readSource gives all rows of the period to the comparison.
func (p *Plan) readSource(ctx context.Context, selected []string, c *comparison.Comparison) error {
	next, err := p.Process(c.Expect)
	if err != nil {
		return err
	}
	p.say("reading the directories")
	if err := p.Source.ReadDirectories(ctx, next); err != nil {
		return fmt.Errorf("read the directories: %w", err)
	}
	for _, table := range selected {
		p.say("reading " + table)
		if err := p.Source.ReadRows(ctx, table, p.From, p.To, next); err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
	}
	return nil
}

func (p *Plan) say(text string) {
	if p.Progress != nil {
		p.Progress(text)
	}
}

// selected are the tables that are verified, in the order in which the receiver has them.
func (p *Plan) selected() ([]string, error) {
	available := p.Source.Tables()
	if len(p.Tables) == 0 {
		return available, nil
	}
	var chosen []string
	for _, table := range available {
		if slices.Contains(p.Tables, table) && !slices.Contains(chosen, table) {
			chosen = append(chosen, table)
		}
	}
	for _, table := range p.Tables {
		if !slices.Contains(available, table) {
			return nil, fmt.Errorf("the receiver does not read events of a table %q: it reads %s", table, strings.Join(available, ", "))
		}
	}
	return chosen, nil
}

// types are the event types that only the given tables have, of those that the receiver reads.
func (p *Plan) types(selected []string) []string {
	var types []string
	for _, table := range selected {
		name := typeOf(table)
		whole := true
		for _, other := range p.Source.Tables() {
			whole = whole && (typeOf(other) != name || slices.Contains(selected, other))
		}
		if whole && !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	return types
}

// typeOf is the event type of a table's rows.
func typeOf(table string) string {
	if declared, ok := tables.ByName(table); ok && declared.Event != nil {
		return declared.Event.Type
	}
	return ""
}
