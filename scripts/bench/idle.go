package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/otelcol-defender/otelcol-defender/scripts/bench/internal/report"
)

// idles are the variants of the part idle.
func (z size) idles() []setup {
	one := setup{into: intoNop, processor: true, receivers: 1}
	single, many := one, one
	single.onlyTable = "DeviceLogonEvents"
	many.extraTables = 91
	list := []setup{one, single, many}
	for _, tenants := range z.tenants {
		several := one
		several.receivers = tenants
		list = append(list, several)
	}
	return list
}

// idler is a collector that has nothing to do.
type idler struct {
	name  string
	stage *stage
	*child

	started, begun usage
}

// measureStarts measures the start of a collector, with the reading of its directories, more often than all else: its peak
// depends on when the garbage collector runs.
func (b *bench) measureStarts(ctx context.Context) error {
	for range b.size.starts {
		for _, build := range b.builds {
			m, err := b.carry(ctx, build.path, load{setup: setup{into: intoNop, processor: true}})
			if err != nil {
				return fmt.Errorf("start: %w", err)
			}
			b.add(report.Result{Name: report.Start + "/build=" + build.name, N: 1, Values: []report.Value{
				{Number: mebibytes(m.peak), Unit: report.StartPeakMiB},
				{Number: mebibytes(m.anonymous), Unit: report.AnonymousMiB},
				{Number: m.cpu.Seconds(), Unit: report.CPUSeconds},
			}})
		}
	}
	return nil
}

// measureIdles measures the part idle. All collectors are idle at once: what they are measured by is not the clock.
func (b *bench) measureIdles(ctx context.Context) (err error) {
	if err := b.measureStarts(ctx); err != nil {
		return err
	}
	var idlers []*idler
	defer func() {
		for _, i := range idlers {
			i.kill()
			i.stage.stop()
		}
	}()
	for _, s := range b.size.idles() {
		if !b.only.MatchString(idleName(s, report.Now)) {
			continue
		}
		for _, build := range b.builds {
			i, err := b.startIdler(ctx, build, s)
			if err != nil {
				return fmt.Errorf("idle, %d receivers, %d tables: %w", s.receivers, s.tableCount(), err)
			}
			idlers = append(idlers, i)
		}
	}
	for _, i := range idlers {
		if i.begun, err = i.usage(); err != nil {
			return err
		}
	}
	begun := time.Now()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(b.size.idle):
	}
	took := time.Since(begun)
	for _, i := range idlers {
		now, err := i.usage()
		if err != nil {
			return errors.Join(err, i.died())
		}
		b.add(report.Result{Name: i.name, N: 1, Values: []report.Value{
			{Number: 100 * (now.cpu - i.begun.cpu).Seconds() / took.Seconds(), Unit: report.CPUPercent},
			{Number: mebibytes(now.resident), Unit: report.ResidentMiB},
			{Number: mebibytes(now.anonymous), Unit: report.AnonymousMiB},
			{Number: mebibytes(i.started.peak), Unit: report.StartPeakMiB},
			{Number: i.started.cpu.Seconds(), Unit: report.CPUSeconds},
		}})
	}
	return nil
}

// startIdler starts a collector, and waits until it has read its directories.
func (b *bench) startIdler(ctx context.Context, build build, s setup) (*idler, error) {
	directory, err := os.MkdirTemp(b.directory, "idle-")
	if err != nil {
		return nil, err
	}
	i := &idler{name: idleName(s, build.name)}
	if i.stage, err = startStage(ctx, b.recording, directory, s, 0, false); err != nil {
		return nil, err
	}
	if i.child, err = startCollector(ctx, build.path, directory, i.stage.setup); err != nil {
		i.stage.stop()
		return nil, err
	}
	if i.started, err = settled(ctx, i.child, i.stage, s.receivers); err != nil {
		i.kill()
		i.stage.stop()
		return nil, err
	}
	return i, nil
}

func idleName(s setup, build string) string {
	return fmt.Sprintf("%s/receivers=%d/tables=%d/build=%s", report.Idle, s.receivers, s.tableCount(), build)
}
