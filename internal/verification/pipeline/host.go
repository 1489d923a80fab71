package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
)

// Host has the extensions that a receiver needs.
type Host struct {
	extensions map[component.ID]component.Component
	order      []component.ID // in which they were started
}

var _ component.Host = (*Host)(nil)

// GetExtensions implements component.Host.
func (h *Host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// NewHost starts the extensions that the given keys of a receiver's settings name. A storage whose directory is not there is not made: it
// would be another one than the collector's.
func NewHost(ctx context.Context, conf *confmap.Conf, receiver component.ID, keys []string, set Settings) (*Host, error) {
	factories, err := distribution.Components()
	if err != nil {
		return nil, fmt.Errorf("list the components of this build: %w", err)
	}
	h := &Host{extensions: map[component.ID]component.Component{}}
	for _, key := range keys {
		name, ok := conf.Get("receivers::" + receiver.String() + "::" + key).(string)
		if !ok || name == "" {
			continue
		}
		if err := h.start(ctx, conf, name, factories.Extensions, set); err != nil {
			return nil, errors.Join(fmt.Errorf("start extensions::%s: %w", name, err), h.Shutdown(ctx))
		}
	}
	return h, nil
}

func (h *Host) start(ctx context.Context, conf *confmap.Conf, name string, factories map[component.Type]extension.Factory, set Settings) error {
	var id component.ID
	if err := id.UnmarshalText([]byte(name)); err != nil {
		return errors.New("it is no extension's name")
	}
	factory := factories[id.Type()]
	if factory == nil {
		return errors.New("this build has no extension of this type")
	}
	written, err := conf.Sub("extensions::" + name)
	if err != nil {
		return errors.New("it is not a map of settings")
	}
	written = confmap.NewFromStringMap(written.ToStringMap())
	written.Delete("create_directory")
	cfg := factory.CreateDefaultConfig()
	if err := errors.Join(written.Unmarshal(cfg), confmap.Validate(cfg)); err != nil {
		// What is wrong may quote a secret.
		return errors.New("its settings are refused, or its directory is not there: verify runs where the collector runs; " +
			"`defenderctl check` says what is wrong with settings")
	}
	made, err := factory.Create(ctx, extension.Settings{ID: id, TelemetrySettings: set.Telemetry, BuildInfo: set.BuildInfo}, cfg)
	if err != nil {
		return fmt.Errorf("make it: %w", err)
	}
	if err := made.Start(ctx, h); err != nil {
		return err
	}
	h.extensions[id] = made
	h.order = append(h.order, id)
	return nil
}

// Shutdown ends the extensions.
func (h *Host) Shutdown(ctx context.Context) error {
	var errs []error
	for _, id := range slices.Backward(h.order) {
		errs = append(errs, h.extensions[id].Shutdown(ctx))
	}
	h.order = nil
	return errors.Join(errs...)
}
