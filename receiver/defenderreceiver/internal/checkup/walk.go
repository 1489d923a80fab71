package checkup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

const (
	// recent is how far back rows are counted.
	recent = 24 * time.Hour
	// DefaultPatience is how long one query waits for its turn: longer than a minute, so that a small share of the
	// requests of a minute does not end the test.
	DefaultPatience = 90 * time.Second
	// routePatience bounds the way to one host.
	routePatience = 30 * time.Second
)

// Asker sends requests in the receiver's turn and quota.
type Asker interface {
	Begin(now time.Time)
	TakeTurn(ctx context.Context, kind service.Kind) error
	Query(ctx context.Context, kind service.Kind, p query.Page, kql string, columns []tables.Column) (*hunting.Rows, error)
	Users(ctx context.Context, link string) (*hunting.Rows, error)
}

// Host is one that must be reached.
type Host struct {
	URL *url.URL
	// Setting is the key that names it.
	Setting string
}

// Settings are a receiver's, as far as the test needs them.
type Settings struct {
	Receiver string
	// Hosts in the order in which they are asked; the last one is the hunting API's.
	Hosts []Host
	// Web has the TLS and proxy settings of the receiver's clients, and keeps no connections.
	Web *http.Client
	// Proxy is the one that leads to a URL; nil if there is none.
	Proxy func(*url.URL) *url.URL

	// Token asks for a token as each request does; nil if an extension gives them.
	Token func(context.Context) (string, error)
	// Role is the app role of the hunting API, UserRoles those of which one lets Users be read.
	Role      string
	UserRoles []string
	// Hunting and Directory send the requests, with and without a cost in CPU.
	Hunting, Directory Asker
	// Throttled is told of a 429 of the hunting API.
	Throttled func(error)
	// Blocked says until when no query is sent after an earlier 429, and why; zero: none was.
	Blocked func() (until time.Time, why string)

	// Tables are those that are enabled, most urgent first.
	Tables []Table
	// Devices is the table that the devices are counted in.
	Devices query.Table

	Patience time.Duration    // 0: DefaultPatience
	Now      func() time.Time // this machine's clock
}

// Table is one that is enabled.
type Table struct {
	query.Table
	// Auto: the service may not say when rows arrive; then the table is read along event time.
	Auto bool
}

// walk is a test under way.
type walk struct {
	Settings
	result *diagnosis.Result
	// ahead is by how much the service's clock is before this machine's.
	ahead time.Duration
}

// skip notes what is not looked at.
func (w *walk) skip(name, why string) {
	group := diagnosis.Access
	if name == "tables" {
		group = diagnosis.Tables
	}
	w.result.Add(diagnosis.Check{Group: group, Name: name, Outcome: diagnosis.Skipped, Detail: "not looked at: " + why})
}

// check adds what a step found.
func (w *walk) check(group diagnosis.Group, name, subject string, began time.Time, f finding) {
	w.result.Add(diagnosis.Check{
		Group: group, Name: name, Subject: subject, Outcome: f.outcome, Severity: f.severity, Detail: f.detail, Remedy: f.remedy,
		Rows: f.rows, Duration: diagnosis.Seconds(time.Since(began)),
	})
}

// answer is the one row of a query of the test.
type answer struct {
	rows, unknown int64
	now           time.Time
}

// ask sends a query in the receiver's turn.
func (w *walk) ask(ctx context.Context, kql string) (answer, error) {
	if err := w.takeTurn(ctx, w.Hunting); err != nil {
		return answer{}, err
	}
	w.result.Queries++
	rows, err := w.Hunting.Query(ctx, service.Probe, query.Page{}, kql, query.ProbeColumns())
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	body := pcommon.NewMap()
	if ok, err := rows.Next(body); err != nil || !ok {
		return answer{}, errors.Join(errors.New("the answer has no row"), err)
	}
	a := answer{unknown: number(body, query.ProbeUnknown), now: instant(body)}
	if a.rows = number(body, query.ProbeRows); a.rows < 0 {
		return answer{}, fmt.Errorf("the answer's %s is no count", query.ProbeRows)
	}
	return a, nil
}

// takeTurn waits for the turn of a request, with patience.
func (w *walk) takeTurn(ctx context.Context, asker Asker) error {
	asker.Begin(time.Now())
	waiting, cancel := context.WithTimeout(ctx, w.Patience)
	defer cancel()
	err := asker.TakeTurn(waiting, service.Probe)
	if err != nil && ctx.Err() == nil {
		return errNoTurn
	}
	return err
}

// judge is what an error of a query means, and tells the scheduler of a 429.
func (w *walk) judge(err error) finding {
	if errors.Is(err, errNoTurn) {
		return w.noTurn()
	}
	f := of(err)
	if refused := (*hunting.Error)(nil); f.outcome == diagnosis.Throttled && errors.As(err, &refused) {
		w.Throttled(err)
	}
	return f
}

func (w *walk) noTurn() finding {
	if until, why := w.Blocked(); !until.IsZero() {
		return finding{
			diagnosis.Throttled, diagnosis.Warning, "the service asked to wait: " + why,
			"wait until " + until.UTC().Format(time.TimeOnly) + " UTC: the receiver does so by itself", nil,
		}
	}
	return finding{
		diagnosis.QuotaSpent, diagnosis.Warning,
		fmt.Sprintf("the receiver's share of the quota has had no room for a query for %s", w.Patience),
		"wait, or raise quota::share or the quota's figures if the tenant has more", nil,
	}
}

// number reads a count, which the service may also write as text. A count that is not there is -1.
func number(body pcommon.Map, column string) int64 {
	v, ok := body.Get(column)
	if !ok {
		return -1
	}
	n, err := strconv.ParseInt(v.AsString(), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func instant(body pcommon.Map) time.Time {
	v, ok := body.Get(query.ServiceNow)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, v.AsString())
	if err != nil {
		return time.Time{}
	}
	return t
}
