package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	progressInterval = 3 * time.Second // between lines
	screenInterval   = time.Second     // between drawings

	startGrace = 15 * time.Second // for the emulator to answer
	stopGrace  = 20 * time.Second // for either process to end, above the receiver's shutdown_timeout
)

// display shows the progress.
type display interface{ progress(now progress) }

type demo struct {
	programs programs
	print    printer
	show     display
	interval time.Duration // between two shows
	at       ports
	events   *eventFile
	tables   figures // the last that the collector told
	started  time.Time
}

// newDemo shows its progress on out: in place on a terminal, else by lines.
func newDemo(out *os.File, start programs, at ports) *demo {
	d := &demo{programs: start, print: printer{out}, at: at, events: newEventFile(eventsPath)}
	if s := newScreen(out); s != nil {
		d.show, d.interval = s, screenInterval
	} else {
		d.show, d.interval = d.print, progressInterval
	}
	return d
}

// run returns when ctx ends, when the time is up (0: never) or when a process dies. Its error says everything that
// went wrong, also that no event was delivered.
func (d *demo) run(ctx context.Context, duration time.Duration) error {
	if err := d.at.check(ctx); err != nil {
		return err
	}
	if err := removeAll(stale); err != nil {
		return err
	}
	if err := os.MkdirAll(directory, 0o750); err != nil {
		return fmt.Errorf("create the directory of the demo: %w", err)
	}
	if duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, duration)
		defer cancel()
	}
	d.started = time.Now()
	d.print.opening(duration)

	arguments, err := d.at.collectorArguments()
	if err != nil {
		return err
	}
	emulator, err := startProcess("emulator", emulatorLog, d.programs.emulator, append([]string{"--listen", address(d.at.emulator)}, emulatorArguments...)...)
	if err != nil {
		return err
	}
	if err := d.waitForEmulator(ctx, emulator); err != nil {
		return errors.Join(err, emulator.stop(stopGrace))
	}
	collector, err := startProcess("collector", collectorLog, d.programs.collector, arguments...)
	if err != nil {
		return errors.Join(err, emulator.stop(stopGrace))
	}
	d.print.started(emulator.command.Process.Pid, collector.command.Process.Pid, d.at)

	watched := d.watch(ctx, emulator, collector)
	d.print.stopping()
	err = errors.Join(watched, collector.stop(stopGrace), emulator.stop(stopGrace))
	err = errors.Join(err, d.summary(emulator))
	if err == nil && d.events.counts.total == 0 {
		err = fmt.Errorf("no event was delivered; the collector's last warnings:\n%s", collector.lastLinesWith(warning))
	}
	return err
}

// emulatorArguments make a company that is busy enough to watch at any hour, and lift the service's quotas, because
// config/demo.yaml polls all tables every two seconds, which the real service would answer with 429. No row hides
// for longer than the few seconds that the configuration's settle covers.
var emulatorArguments = []string{
	"--state", emulatorState, "--rows-per-day", "2000000", "--hidden", "0",
	"--requests-per-minute", "0", "--requests-per-hour", "0", "--cpu-per-quarter-hour", "0",
}

// watch shows the progress until ctx ends or a process dies, which its stop then reports.
func (d *demo) watch(ctx context.Context, emulator, collector *process) error {
	ticker := time.NewTicker(d.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-emulator.done:
			return nil
		case <-collector.done:
			return nil
		case <-ticker.C:
			if err := d.events.read(); err != nil {
				return err
			}
			// A collector that is still starting, or is about to end, does not answer.
			if tables, err := ask(ctx, d.at.metricsURL()); err == nil {
				d.tables = tables
			}
			d.show.progress(d.progress())
		}
	}
}

func (d *demo) progress() progress {
	return progress{elapsed: time.Since(d.started), events: &d.events.counts, tables: d.tables}
}

func (d *demo) summary(emulator *process) error {
	defer d.events.close()
	if err := d.events.read(); err != nil {
		return err
	}
	d.print.summary(d.progress())
	d.print.emulatorReport(emulator.logPath)
	return nil
}

func removeAll(patterns []string) error {
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return fmt.Errorf("find what an earlier demo left (%s): %w", pattern, err)
		}
		for _, path := range paths {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("remove what an earlier demo left: %w", err)
			}
		}
	}
	return nil
}

// waitForEmulator returns when the emulator accepts connections and its CA can be read.
func (d *demo) waitForEmulator(ctx context.Context, emulator *process) error {
	ctx, cancel := context.WithTimeout(ctx, startGrace)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", address(d.at.emulator))
		if err == nil {
			_ = connection.Close()
			if _, err = os.Stat(caPath); err == nil {
				return nil
			}
		}
		select {
		case <-emulator.done:
			return errors.New("the emulator did not start")
		case <-ctx.Done():
			return fmt.Errorf("wait for the emulator at %s: %w", address(d.at.emulator), err)
		case <-ticker.C:
		}
	}
}
