package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/otelcol-defender/otelcol-defender/scripts/bench/internal/report"
)

// load is a collector with rows to carry.
type load struct {
	setup
	rows  int
	plain bool
}

// measured is what carrying them took.
type measured struct {
	usage
	delivered int64
}

// carry measures a collector from its start until nothing is left to do.
func (b *bench) carry(ctx context.Context, binary string, l load) (m measured, err error) {
	directory, err := os.MkdirTemp(b.directory, "pipeline-")
	if err != nil {
		return measured{}, err
	}
	defer func() {
		if err == nil {
			err = os.RemoveAll(directory)
		}
	}()
	stage, err := startStage(ctx, b.recording, directory, l.setup, l.rows, l.plain)
	if err != nil {
		return measured{}, err
	}
	defer stage.stop()
	c, err := startCollector(ctx, binary, directory, stage.setup)
	if err != nil {
		return measured{}, err
	}
	defer c.kill()
	if m.usage, err = settled(ctx, c, stage, max(l.receivers, 1)); err != nil {
		return measured{}, err
	}
	if err := c.stop(); err != nil {
		return measured{}, err
	}
	m.delivered, err = stage.delivered(ctx, directory)
	return m, err
}

// settled waits until a collector has read everything, of all of its receivers, and rests. It gives what it has used by then.
func settled(ctx context.Context, c *child, s *stage, receivers int) (usage, error) {
	directories := 2
	if s.setup.onlyTable != "" {
		directories = 0
	}
	var failed error
	err := waitFor(ctx, 10*time.Minute, c, "end of its work", func() bool {
		p, err := s.progress(ctx)
		failed = err
		return err != nil || p.Rows >= p.Total && p.Active == 0 && p.Snapshots >= directories*receivers
	})
	if err != nil || failed != nil {
		return usage{}, orElse(err, failed)
	}
	return rested(ctx, c)
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// rested waits until a process takes less than a hundredth of a core for some time. What it takes meanwhile is its own.
func rested(ctx context.Context, c *child) (usage, error) {
	const look, most, quiet = 250 * time.Millisecond, time.Minute, 4
	before, err := c.usage()
	for calm, since := 0, time.Now(); err == nil && calm < quiet && time.Since(since) < most; {
		select {
		case <-ctx.Done():
			return usage{}, ctx.Err()
		case <-c.done:
			return usage{}, c.died()
		case <-time.After(look):
		}
		var now usage
		if now, err = c.usage(); now.cpu-before.cpu < look/100 {
			calm++
		} else {
			calm = 0
		}
		before = now
	}
	return before, err
}

// pipelines are the variants of the part pipeline.
func pipelines() []load {
	var list []load
	for _, plain := range []bool{false, true} {
		list = append(list, load{setup: setup{into: intoNop}, plain: plain})
		for _, into := range []string{intoNop, intoFile, intoOTLP, intoKafka} {
			list = append(list, load{setup: setup{into: into, processor: true}, plain: plain})
		}
	}
	return list
}

func (l load) name() string {
	word := func(yes bool, a, b string) string {
		if yes {
			return a
		}
		return b
	}
	return fmt.Sprintf("%s/into=%s/processor=%s/wire=%s", report.Pipeline, l.into, word(l.processor, "yes", "no"), word(l.plain, "plain", "gzip"))
}

// measurePipelines measures the part pipeline once.
func (b *bench) measurePipelines(ctx context.Context) error {
	for _, l := range pipelines() {
		if !b.only.MatchString(l.name()) {
			continue
		}
		for _, build := range b.builds {
			l.rows = b.size.rows
			start, err := b.startCost(ctx, build, l)
			if err != nil {
				return fmt.Errorf("%s: %w", l.name(), err)
			}
			m, err := b.carry(ctx, build.path, l)
			if err != nil {
				return fmt.Errorf("%s: %w", l.name(), err)
			}
			cpu := max(m.cpu-start, time.Millisecond).Seconds()
			values := []report.Value{
				{Number: cpu / float64(l.rows) * 1e6, Unit: report.CPUPerMillion},
				{Number: float64(l.rows) / cpu, Unit: report.RowsPerCore},
				{Number: mebibytes(m.peak), Unit: report.PeakMiB},
			}
			if m.delivered >= 0 {
				values = append(values, report.Value{Number: 100 * float64(m.delivered) / float64(l.rows), Unit: report.DeliveredShare})
			}
			b.add(report.Result{Name: l.name() + "/build=" + build.name, N: 1, Values: values})
		}
	}
	return nil
}

// startCost is the CPU of a collector that starts, reads its directories and has nothing else to do, once for each build
// and configuration.
func (b *bench) startCost(ctx context.Context, build build, l load) (time.Duration, error) {
	key := fmt.Sprint(build.name, " ", l.into, " ", l.processor)
	if cost, known := b.starts[key]; known {
		return cost, nil
	}
	l.rows = 0
	m, err := b.carry(ctx, build.path, l)
	if err != nil {
		return 0, fmt.Errorf("the start alone: %w", err)
	}
	b.starts[key] = m.cpu
	return m.cpu, nil
}

// measureGrowth measures the part growth once.
func (b *bench) measureGrowth(ctx context.Context) error {
	for _, times := range []int{1, 10, 100} {
		l := load{setup: setup{into: intoNop, processor: true}, rows: b.size.growth * times}
		for _, build := range b.builds {
			start, err := b.startCost(ctx, build, l)
			if err != nil {
				return err
			}
			m, err := b.carry(ctx, build.path, l)
			if err != nil {
				return fmt.Errorf("growth to %d rows: %w", l.rows, err)
			}
			b.add(report.Result{
				Name: report.Growth + "/rows=" + strconv.Itoa(l.rows) + "/build=" + build.name, N: 1,
				Values: []report.Value{
					{Number: max(m.cpu-start, 0).Seconds(), Unit: report.CPUSeconds},
					{Number: mebibytes(m.peak), Unit: report.PeakMiB},
				},
			})
		}
	}
	return nil
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// prepare records what the service replays, once for a run.
func (b *bench) prepare(ctx context.Context) error {
	queries, err := queriesOf(ctx, b.builds[len(b.builds)-1].path, b.directory)
	if err != nil {
		return fmt.Errorf("see what the collector asks: %w", err)
	}
	const rowsPerDay = 10_000_000
	recording, err := record(ctx, queries, extent{rowsPerDay, b.size.recorded})
	if err != nil {
		return err
	}
	b.recording = filepath.Join(b.directory, "recording")
	for _, table := range recording.Tables {
		b.note("recorded %d rows of %s", len(table.Rows), table.Name)
	}
	return recording.Write(b.recording)
}
