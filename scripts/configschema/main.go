package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/otelcol-defender/otelcol-defender/internal/configschema"
	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
)

func main() {
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "usage: configschema FILE...") }
	flag.Parse()
	if err := run(context.Background(), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "configschema:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, files []string) error {
	factories, err := distribution.Components()
	if err != nil {
		return fmt.Errorf("read the components of the distribution: %w", err)
	}
	directories, err := listDirectories(ctx)
	if err != nil {
		return err
	}
	source := newSource(directories)
	schema, err := configschema.Build(factories, source)
	if err != nil {
		return err
	}
	beside, err := components(factories, source)
	if err != nil {
		return err
	}
	if err := source.err; err != nil {
		return err
	}
	for file, text := range beside {
		if err := write(file, text); err != nil {
			return err
		}
	}
	for _, file := range files {
		if err := write(file, schema); err != nil {
			return err
		}
	}
	return nil
}

func write(file string, schema []byte) error {
	if err := os.WriteFile(file, schema, 0o644); err != nil { //nolint:gosec // a source file like any other
		return fmt.Errorf("write the schema: %w", err)
	}
	return nil
}

// components are the files that stand beside the components of this module.
func components(factories otelcol.Factories, source *source) (map[string][]byte, error) {
	files := map[string][]byte{}
	all := slices.Concat(defaults(factories.Receivers), defaults(factories.Processors), defaults(factories.Exporters),
		defaults(factories.Connectors), defaults(factories.Extensions))
	for _, config := range all {
		path := reflect.TypeOf(config).Elem().PkgPath()
		if !strings.HasPrefix(path, module) {
			continue
		}
		text, err := configschema.Component(config, module, source)
		if err != nil {
			return nil, err
		}
		files[filepath.Join(source.directories[path], "config.schema.yaml")] = text
	}
	return files, nil
}

func defaults[F component.Factory](factories map[component.Type]F) []component.Config {
	var configs []component.Config
	for _, factory := range factories {
		configs = append(configs, factory.CreateDefaultConfig())
	}
	return configs
}
