package checkup

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
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
)

// Asker sends requests in the receiver's turn and quota.
type Asker interface {
	Begin(now time.Time)
	TakeTurn(ctx context.Context, kind service.Kind) error
	Query(ctx context.Context, kind service.Kind, p query.Page, kql string, columns []tables.Column) (*hunting.Rows, error)
	Users(ctx context.Context, link string) (*hunting.Rows, error)
}

// Settings are a receiver's, as far as the test needs them.
type Settings struct {
	Receiver string
	// Hosts in the order in which they are asked; the last one is the hunting API's.
	Hosts []step.Host
	// Web has the TLS and proxy settings of the receiver's clients, and keeps no connections.
	Web *http.Client
	// Proxy is the one that leads to a URL; nil if there is none.
	Proxy func(*url.URL) *url.URL

	// Token asks for a token as each request does; nil if an extension gives them.
	Token func(context.Context) (string, error)
	// Roles are what the token must have for the tables.
	Roles Roles
	// Hunting and Directory send the requests, with and without a cost in CPU.
	Hunting, Directory Asker
	// Throttled is told of a 429 of the hunting API.
	Throttled func(error)
	// Blocked says until when no query is sent after an earlier 429, and why; zero: none was.
	Blocked func() (until time.Time, why string)

	// Tables are those that are enabled, most urgent first.
	Tables []Table
	// Feeds are those that are enabled. No query is spent on them.
	Feeds []Feed
	// Devices is the table that the devices are counted in.
	Devices query.Table

	Patience time.Duration    // 0: DefaultPatience
	Now      func() time.Time // this machine's clock
}

// Roles are app roles.
type Roles struct {
	Hunting string   // of the hunting API
	Users   []string // of which one lets Users be read
}

// Lister sends the requests for a list of Graph's security API, within their own limit.
type Lister interface {
	Page(ctx context.Context, request hunting.ObjectsRequest) (*hunting.Rows, error)
}

// Feed is a list of Graph's security API that is enabled.
type Feed struct {
	Name string // its key under feeds
	// Roles are the app roles of which one lets it be read; the first one is enough.
	Roles  []string
	Filter string
	// Daily: an object is made each day; there are no times of updates to ask for.
	Daily  bool
	Lister Lister
}

// Table is one that is enabled.
type Table struct {
	query.Table
	// Auto: the service may not say when rows arrive; then the table is read along event time.
	Auto bool
}
