package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	api "github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/control/turns"
)

// beside is a running collector whose quota is spent.
type beside struct {
	*turns.Client

	// complete is, by table, up to when the collector has delivered.
	complete map[string]time.Time
}

// newBeside asks a running collector for the state of a receiver.
func newBeside(ctx context.Context, c *control, receiver string, failed func(error)) (*beside, error) {
	var status api.Status
	if err := c.ask(ctx, http.MethodGet, "/api/v1/status", &status); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(status.Receivers, func(r api.ReceiverStatus) bool { return r.ID == receiver })
	if i < 0 {
		return nil, fmt.Errorf("the collector at %s has no receiver %s", c.url, receiver)
	}
	client := c.http
	client.Transport = identifying{c}
	b := &beside{Client: &turns.Client{HTTP: &client, Base: c.url, Receiver: receiver, Failed: failed}, complete: map[string]time.Time{}}
	for _, table := range status.Receivers[i].Tables {
		if table.CompleteUntil != nil {
			b.complete[table.Name] = *table.CompleteUntil
		}
	}
	return b, nil
}

// identifying sends requests that say who asks.
type identifying struct{ *control }

// RoundTrip implements http.RoundTripper.
func (i identifying) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if err := i.identify(r); err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(r)
}
