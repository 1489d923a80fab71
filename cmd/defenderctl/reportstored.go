package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/receiver"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
	"github.com/otelcol-defender/otelcol-defender/internal/pipelinecheck"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// readStored reads the storage of a collector that is stopped.
func readStored(ctx context.Context, f *reportFlags, day proof.Day) (report proof.Document, err error) {
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
	id, cfg, err := reporterIn(loaded.Conf, factories.Receivers, f.receiver)
	if err != nil {
		return nil, err
	}
	in := cfg.StoredIn()
	if in == nil {
		return nil, fmt.Errorf("receivers::%s has no storage, so it keeps nothing that a report is made of", id)
	}
	storage, err := extensionIn(ctx, loaded.Conf, factories.Extensions, *in)
	if err != nil {
		return nil, err
	}
	host := storageHost{*in: storage}
	if err := storage.Start(ctx, host); err != nil {
		return nil, fmt.Errorf("extensions::%s: %w", in, err)
	}
	defer func() { err = errors.Join(err, storage.Shutdown(ctx)) }()
	return storedReport(ctx, cfg, host, id, day)
}

// reporter is the configuration of a receiver that keeps what a report is made of.
type reporter interface {
	component.Config
	// StoredIn is the storage extension that has it; nil: there is none.
	StoredIn() *component.ID
}

// storedReport makes the report of a receiver's kind.
func storedReport(ctx context.Context, cfg reporter, host component.Host, id component.ID, day proof.Day) (proof.Document, error) {
	switch cfg := cfg.(type) {
	case interface {
		StoredReport(ctx context.Context, host component.Host, id component.ID, day proof.Day) (*proof.Report, error)
	}:
		return cfg.StoredReport(ctx, host, id, day)
	case interface {
		StoredReport(ctx context.Context, host component.Host, id component.ID, day proof.Day) (*proof.ExportReport, error)
	}:
		return cfg.StoredReport(ctx, host, id, day)
	default:
		return nil, fmt.Errorf("receivers::%s makes no report", id)
	}
}

// storageHost is a collector that has one extension.
type storageHost map[component.ID]component.Component

func (h storageHost) GetExtensions() map[component.ID]component.Component { return h }

// reporterIn is the receiver that is asked for, or the only one that keeps a journal.
func reporterIn(conf *confmap.Conf, factories map[component.Type]receiver.Factory, asked string) (component.ID, reporter, error) {
	all, ok := conf.ToStringMap()["receivers"].(map[string]any)
	if !ok {
		return component.ID{}, nil, errors.New("the configuration has no receivers")
	}
	found := map[string]reporter{}
	for name := range all {
		var id component.ID
		if id.UnmarshalText([]byte(name)) != nil || factories[id.Type()] == nil || asked != "" && asked != name {
			continue
		}
		if cfg, keeps := factories[id.Type()].CreateDefaultConfig().(reporter); keeps {
			found[name] = cfg
		}
	}
	name, err := only(slices.Sorted(maps.Keys(found)))
	if err != nil {
		return component.ID{}, nil, err
	}
	var id component.ID
	if err := id.UnmarshalText([]byte(name)); err != nil {
		return component.ID{}, nil, err
	}
	return id, found[name], decodeIn(conf, "receivers::"+name, found[name])
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
