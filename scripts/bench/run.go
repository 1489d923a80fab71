package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/scripts/bench/internal/report"
)

// size is how much is measured.
type size struct {
	rounds    int
	rows      int           // of a pipeline
	growth    int           // rows of the smallest run of the part growth
	recorded  time.Duration // the part of a morning that is recorded
	idle      time.Duration // how long a collector is watched
	tenants   []int         // receivers of the part idle, beside one
	starts    int           // how often a start is measured
	benchtime string        // of Go's benchmarks
	calls     string        // of the processor, in place of a time: around each the garbage is collected, off the clock
}

// sizes are the sizes by name. An idle collector polls each table every five minutes: what the whole size watches has a
// poll of each.
var sizes = map[string]size{
	"full":  {rounds: 2, rows: 200_000, growth: 5_000, recorded: 10 * time.Minute, idle: 5 * time.Minute, tenants: []int{10, 50}, starts: 5, benchtime: "500ms", calls: "20x"},
	"short": {rounds: 1, rows: 100_000, growth: 2_000, recorded: 2 * time.Minute, idle: 30 * time.Second, tenants: []int{10, 50}, starts: 3, benchtime: "100ms", calls: "5x"},
	"tiny":  {rounds: 1, rows: 1_000, growth: 10, recorded: 10 * time.Second, idle: time.Second, tenants: []int{2}, starts: 1, benchtime: "1x", calls: "1x"},
}

// build is a collector that is measured.
type build struct{ name, path string }

// bench is a run.
type bench struct {
	size   size
	builds []build
	only   *regexp.Regexp // names of the variants of pipeline and idle that are measured
	out    io.Writer      // the results, as they come
	notes  io.Writer

	directory string
	recording string // the file
	starts    map[string]time.Duration
	results   report.Set
}

// part is one of the parts of a run.
type part struct {
	name    string
	once    bool // measured in one round
	replays bool // needs a recording
	measure func(*bench, context.Context) error
}

// goPart is a part that is a benchmark of a package, run for as long, or as often, as a size says.
func goPart(name, pkg, pattern string, benchtime func(size) string) part {
	return part{name: name, measure: func(b *bench, ctx context.Context) error {
		return b.measureGo(ctx, goBenchmark{pkg, pattern, benchtime(b.size)})
	}}
}

func forTime(s size) string  { return s.benchtime }
func forCalls(s size) string { return s.calls }

var parts = []part{
	goPart("decode", "internal/hunting", "^BenchmarkDecode$", forTime),
	goPart("normalize", "processor/totalnormalizeprocessor", "^BenchmarkNormalize$", forCalls),
	goPart("checkpoint", "receiver/defenderreceiver/internal/ledger", "^Benchmark(Checkpoint|Overlap)$", forTime),
	{name: "pipeline", replays: true, measure: (*bench).measurePipelines},
	{name: "growth", once: true, replays: true, measure: (*bench).measureGrowth},
	{name: "idle", once: true, replays: true, measure: (*bench).measureIdles},
}

// choose gives the parts of a list of names, all of them for an empty one.
func choose(names string) ([]part, error) {
	if names == "" {
		return parts, nil
	}
	var chosen []part
	for name := range strings.FieldsSeq(strings.ReplaceAll(names, ",", " ")) {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q", name)
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

// run measures the parts, all of them in each round.
func (b *bench) run(ctx context.Context, chosen []part) error {
	b.starts = map[string]time.Duration{}
	var err error
	if b.directory, err = os.MkdirTemp("", "otelcol-defender-bench-"); err != nil {
		return fmt.Errorf("make a directory for the run: %w", err)
	}
	for _, line := range b.machine() {
		_, _ = fmt.Fprintln(b.out, line)
	}
	if slices.ContainsFunc(chosen, func(p part) bool { return p.replays }) {
		if err := b.copyBuilds(); err != nil {
			return err
		}
		if err := b.prepare(ctx); err != nil {
			return err
		}
	}
	for round := range b.size.rounds {
		for _, p := range chosen {
			if p.once && round > 0 {
				continue
			}
			begun := time.Now()
			if err := p.measure(b, ctx); err != nil {
				return fmt.Errorf("%s (logs are in %s): %w", p.name, b.directory, err)
			}
			b.note("round %d of %d: %s took %s", round+1, b.size.rounds, p.name, time.Since(begun).Round(time.Second))
		}
	}
	return os.RemoveAll(b.directory)
}

// copyBuilds makes the run measure copies that are written in small pieces, as an installed program is: the larger the
// pieces in which a file was written, the more of it the kernel maps at once, up to 20 MiB of each process.
func (b *bench) copyBuilds() error {
	for i, build := range b.builds {
		to := filepath.Join(b.directory, "otelcol-defender-"+build.name)
		if err := copyProgram(build.path, to); err != nil {
			return fmt.Errorf("copy the collector (make build builds it): %w", err)
		}
		b.builds[i].path = to
	}
	return nil
}

func copyProgram(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o700) //nolint:gosec // a program
	if err != nil {
		return err
	}
	defer file.Close()
	const piece = 32 << 10
	// Without their other methods the files are copied piece by piece.
	_, err = io.CopyBuffer(struct{ io.Writer }{file}, struct{ io.Reader }{source}, make([]byte, piece))
	return errors.Join(err, file.Close())
}

// add takes a result in, and prints it.
func (b *bench) add(r report.Result) {
	b.results = append(b.results, r)
	_, _ = fmt.Fprintln(b.out, r)
}

func (b *bench) note(format string, arguments ...any) {
	_, _ = fmt.Fprintf(b.notes, "# "+format+"\n", arguments...)
}

// machine names what is measured on, as benchstat reads it.
func (b *bench) machine() []string {
	lines := []string{"goos: " + runtime.GOOS, "goarch: " + runtime.GOARCH, "go: " + runtime.Version(), fmt.Sprintf("cores: %d", runtime.NumCPU())}
	if model := processorModel(); model != "" {
		lines = append(lines, "cpu: "+model)
	}
	return lines
}

// document is the section for docs/performance.md.
func (b *bench) document() string {
	machine := fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if model := processorModel(); model != "" {
		machine = fmt.Sprintf("%s, %d cores", model, runtime.NumCPU())
	}
	head := fmt.Sprintf("Measured on %s, %s, %s rows a pipeline, the median of %d rounds.\n\n",
		machine, strings.ReplaceAll(runtime.Version(), "go", "Go "), thousands(b.size.rows), b.size.rounds)
	if targets := b.results.Targets(); targets != "" {
		head += "### Targets\n\n" + targets + "\n"
	}
	return head + b.results.Tables()
}

func thousands(n int) string {
	if n >= 1000 {
		return fmt.Sprintf("%d,%03d", n/1000, n%1000)
	}
	return strconv.Itoa(n)
}
