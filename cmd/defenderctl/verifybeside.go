package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/control/turns"
)

const (
	// controlPatience bounds a request to the control extension.
	controlPatience = 30 * time.Second
	maxStatus       = 16 << 20
)

// beside is a running collector whose quota is spent.
type beside struct {
	*turns.Client

	// complete is, by table, up to when the collector has delivered.
	complete map[string]time.Time
}

// newBeside asks a running collector for the state of a receiver.
func newBeside(ctx context.Context, base, receiver string, failed func(error)) (*beside, error) {
	b := &beside{
		Client:   &turns.Client{HTTP: &http.Client{Timeout: controlPatience}, Base: base, Receiver: receiver, Failed: failed},
		complete: map[string]time.Time{},
	}
	status, err := b.status(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the control extension at %s: %w", base, err)
	}
	i := slices.IndexFunc(status.Receivers, func(r control.ReceiverStatus) bool { return r.ID == receiver })
	if i < 0 {
		return nil, fmt.Errorf("ask the control extension at %s: the collector has no receiver %s", base, receiver)
	}
	for _, table := range status.Receivers[i].Tables {
		if table.CompleteUntil != nil {
			b.complete[table.Name] = *table.CompleteUntil
		}
	}
	return b, nil
}

func (b *beside) status(ctx context.Context) (status control.Status, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(b.Base, "/")+"/api/v1/status", http.NoBody)
	if err != nil {
		return status, err
	}
	response, err := b.HTTP.Do(request)
	if err != nil {
		return status, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK {
		return status, fmt.Errorf("it answers %s", response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxStatus)).Decode(&status); err != nil {
		return status, fmt.Errorf("its answer is no status: %w", err)
	}
	return status, nil
}
