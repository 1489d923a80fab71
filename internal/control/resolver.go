package control

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Resolver is a component that writes to a tenant. All methods are safe for concurrent use.
type Resolver interface {
	Status() ResolverStatus
	// Stop holds it back until Resume, also over a restart: it sends no further request that writes.
	Stop(ctx context.Context) error
	Resume(ctx context.Context) error
}

// ResolverRegistrar is an extension that shows and commands resolvers.
type ResolverRegistrar interface {
	RegisterResolver(r Resolver) (unregister func())
}

// ResolverStatus is what a resolver does.
type ResolverStatus struct {
	ID   string `json:"id"`
	Mode string `json:"mode"` // dry_run or enabled
	// Stopped: a user holds it back.
	Stopped bool `json:"stopped"`
	Pending int  `json:"pending"` // alerts that wait for a decision
	// Decisions are those since its start, by result.
	Decisions map[string]int64 `json:"decisions"`
	LastPass  *time.Time       `json:"last_pass"`
	LastError string           `json:"last_error"` // of the last pass
}

// RegisterResolver registers a resolver with all extensions of the host that show resolvers.
func RegisterResolver(host component.Host, r Resolver) (unregister func()) {
	var ends []func()
	for _, extension := range host.GetExtensions() {
		if registrar, ok := extension.(ResolverRegistrar); ok {
			ends = append(ends, registrar.RegisterResolver(r))
		}
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}
