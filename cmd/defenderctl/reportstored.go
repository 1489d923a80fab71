package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/pdata/pcommon"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
	"github.com/otelcol-defender/otelcol-defender/internal/pipelinecheck"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver"
)

// readStored reads the storage of a collector that is stopped.
func readStored(ctx context.Context, f *reportFlags, day proof.Day) (report *proof.Report, err error) {
	locations, err := (&checkFlags{configs: f.configs, sets: f.sets}).locations()
	if err != nil {
		return nil, err
	}
	loaded, err := pipelinecheck.Load(ctx, locations)
	if err != nil {
		return nil, err
	}
	factories, err := distribution.Components()
	if err != nil {
		return nil, fmt.Errorf("the components of the distribution: %w", err)
	}
	id, cfg, err := receiverIn(loaded.Conf, f.receiver)
	if err != nil {
		return nil, err
	}
	if cfg.StorageID == nil {
		return nil, fmt.Errorf("receivers::%s has no storage, so it keeps no journal", id)
	}
	storage, err := extensionIn(ctx, loaded.Conf, factories.Extensions, *cfg.StorageID)
	if err != nil {
		return nil, err
	}
	host := storageHost{*cfg.StorageID: storage}
	if err := storage.Start(ctx, host); err != nil {
		return nil, fmt.Errorf("extensions::%s: %w", cfg.StorageID, err)
	}
	defer func() { err = errors.Join(err, storage.Shutdown(ctx)) }()
	return defenderreceiver.StoredReport(ctx, host, id, cfg, day)
}

// storageHost is a collector that has one extension.
type storageHost map[component.ID]component.Component

func (h storageHost) GetExtensions() map[component.ID]component.Component { return h }

// receiverIn is the receiver that is asked for, or the only one.
func receiverIn(conf *confmap.Conf, asked string) (component.ID, *defenderreceiver.Config, error) {
	var id component.ID
	kind := defenderreceiver.NewFactory().Type()
	all, ok := conf.ToStringMap()["receivers"].(map[string]any)
	if !ok {
		return id, nil, errors.New("the configuration has no receivers")
	}
	var names []string
	for name := range all {
		if id.UnmarshalText([]byte(name)) == nil && id.Type() == kind && (asked == "" || asked == name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	name, err := only(names)
	if err != nil {
		return id, nil, err
	}
	if err := id.UnmarshalText([]byte(name)); err != nil {
		return id, nil, err
	}
	cfg := defenderreceiver.NewFactory().CreateDefaultConfig().(*defenderreceiver.Config)
	return id, cfg, decodeIn(conf, "receivers::"+name, cfg)
}

// extensionIn makes an extension of the configuration.
func extensionIn(ctx context.Context, conf *confmap.Conf, factories map[component.Type]extension.Factory, id component.ID) (extension.Extension, error) {
	key := "extensions::" + id.String()
	factory, ok := factories[id.Type()]
	if !ok || !conf.IsSet(key) {
		return nil, fmt.Errorf("%s, the storage of the receiver, is not configured", key)
	}
	cfg := factory.CreateDefaultConfig()
	if err := decodeIn(conf, key, cfg); err != nil {
		return nil, err
	}
	made, err := factory.Create(ctx, extension.Settings{ID: id, TelemetrySettings: component.TelemetrySettings{
		Logger: zap.NewNop(), TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(), Resource: pcommon.NewResource(),
	}}, cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return made, nil
}

// decodeIn decodes a part of a configuration. The reason why that fails may quote a secret.
func decodeIn(conf *confmap.Conf, key string, cfg component.Config) error {
	sub, err := conf.Sub(key)
	if err == nil {
		err = sub.Unmarshal(cfg)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read; defenderctl check says why", key)
	}
	return nil
}
