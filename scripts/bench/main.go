package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/otelcol-defender/otelcol-defender/scripts/bench/internal/report"
)

func main() {
	if err := command(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// command is this program in the role that its first argument names, the run itself without one.
func command(arguments []string) error {
	if len(arguments) > 0 {
		switch arguments[0] {
		case "serve":
			return serve(arguments[1:])
		case "sink":
			return sink(arguments[1:])
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return measure(ctx, arguments, os.Stdout, os.Stderr)
}

// measure is a run with the flags of the command line.
func measure(ctx context.Context, arguments []string, out, notes io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(notes)
	names := flags.String("part", "", "the `parts` to measure, separated by commas: "+partNames()+"; all of them by default")
	sizeName := flags.String("size", "full", "how much is measured: full, short, tiny")
	rounds := flags.Int("rounds", 0, "how often everything is measured; 0: as the size has it")
	rows := flags.Int("rows", 0, "rows of a pipeline; 0: as the size has it")
	collector := flags.String("collector", builtIn("otelcol-defender"), "the collector's `program`")
	before := flags.String("before", "", "another collector's `program`, measured beside it")
	lines := flags.String("lines", "", "`file` for the results, for benchstat")
	document := flags.String("document", "", "`file` whose marked section becomes the table")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	chosen, err := choose(*names)
	if err != nil {
		return err
	}
	size, known := sizes[*sizeName]
	if !known {
		return fmt.Errorf("there is no size %q", *sizeName)
	}
	if *rounds > 0 {
		size.rounds = *rounds
	}
	if *rows > 0 {
		size.rows = *rows
	}
	var printed bytes.Buffer
	b := &bench{size: size, builds: []build{{report.Now, *collector}}, out: io.MultiWriter(out, &printed), notes: notes}
	if *before != "" {
		b.builds = slices.Insert(b.builds, 0, build{report.Before, *before})
	}
	if err := b.run(ctx, chosen); err != nil {
		return err
	}
	section := b.document()
	_, _ = fmt.Fprintf(out, "\n%s", section)
	if *lines != "" {
		if err := os.WriteFile(*lines, printed.Bytes(), 0o644); err != nil { //nolint:gosec // results are for everybody
			return fmt.Errorf("write the results: %w", err)
		}
	}
	if *document != "" {
		return report.WriteInto(*document, section)
	}
	return nil
}

func partNames() string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}
