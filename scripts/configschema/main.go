package main

import (
	"context"
	"flag"
	"fmt"
	"os"

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
	if err := source.err; err != nil {
		return err
	}
	for _, file := range files {
		if err := os.WriteFile(file, schema, 0o644); err != nil { //nolint:gosec // a source file like any other
			return fmt.Errorf("write the schema: %w", err)
		}
	}
	return nil
}
