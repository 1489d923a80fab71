package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/scripts/bench/internal/report"
)

// goBenchmark is a part that is a benchmark of a package.
type goBenchmark struct {
	pkg, pattern string
}

// measure builds the package's tests once, and runs the benchmark once, on one processor: the work of the garbage
// collector is in its time then.
func (b *bench) measureGo(ctx context.Context, g goBenchmark) error {
	binary := filepath.Join(b.directory, strings.ReplaceAll(g.pkg, "/", "-")+".test")
	if _, err := os.Stat(binary); err != nil {
		build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "./"+g.pkg) //nolint:gosec // a package of this repository
		if output, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build the benchmark of %s: %w\n%s", g.pkg, err, output)
		}
	}
	run := exec.CommandContext(ctx, binary, "-test.run=^$", "-test.bench="+g.pattern, "-test.benchmem", "-test.cpu=1", //nolint:gosec // as above
		"-test.benchtime="+b.size.benchtime)
	run.Dir = g.pkg
	output, err := run.CombinedOutput()
	if err != nil {
		return fmt.Errorf("run the benchmark of %s: %w\n%s", g.pkg, err, output)
	}
	results, err := report.Parse(bytes.NewReader(output))
	if err != nil {
		return fmt.Errorf("read the results of %s: %w", g.pkg, err)
	}
	if len(results) == 0 {
		return fmt.Errorf("the benchmark of %s has no result\n%s", g.pkg, output)
	}
	for _, r := range results {
		b.add(r)
	}
	return nil
}
