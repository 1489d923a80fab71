package checkup

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
)

// Settings are a receiver's, as far as the test needs them.
type Settings struct {
	Receiver string
	// Hosts in the order in which they are asked; the last one is the account's.
	Hosts []step.Host
	// Web has the TLS and proxy settings of the receiver's clients, and keeps no connections.
	Web *http.Client
	// Proxy is the one that leads to a URL; nil if there is none.
	Proxy func(*url.URL) *url.URL

	// Token asks for a token as each request does; nil if an extension gives them.
	Token func(context.Context) (string, error)
	// Account sends the requests, by way of Meter.
	Account *account.Client
	Meter   *Meter

	Selection
	Now func() time.Time // this machine's clock
}

// Selection is what the receiver reads.
type Selection struct {
	// Named are the containers that the configuration names; empty: all of the export.
	Named []string
	// Wants reports whether the receiver reads a container.
	Wants func(container string) bool
	// Prefix is what the names of its blobs begin with.
	Prefix string
	// Mine reports whether the receiver reads a blob.
	Mine func(container, blob string) bool
	// Tenants are those whose blobs are read; empty: all.
	Tenants []string
}
