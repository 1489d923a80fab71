package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	configPath      = "config/demo.yaml"
	emulatorAddress = "127.0.0.1:8443"

	directory     = "out"
	eventsPath    = directory + "/total-events.ndjson"
	emulatorState = directory + "/defendersim"
	caPath        = emulatorState + "/ca.pem"
	emulatorLog   = directory + "/defendersim.log"
	collectorLog  = directory + "/otelcol-defender.log"

	progressInterval = 3 * time.Second

	startGrace = 15 * time.Second // for the emulator to answer
	stopGrace  = 20 * time.Second // for either process to end, above the receiver's shutdown_timeout
)

// ports are what config/demo.yaml and the emulator listen on.
var ports = []port{
	{emulatorAddress, "the emulator"},
	{"127.0.0.1:13133", "the collector's health check"},
	{"127.0.0.1:13134", "the status page"},
	{"127.0.0.1:8888", "the collector's metrics"},
}

// stale are the traces of earlier demos, as patterns.
var stale = []string{
	directory + "/cursors", directory + "/dead-letters", emulatorState, directory + "/total-events*.ndjson", emulatorLog, collectorLog,
}

type demo struct {
	print   printer
	events  *eventFile
	started time.Time
}

func newDemo(out io.Writer) *demo {
	return &demo{print: printer{out}, events: newEventFile(eventsPath)}
}

// run returns when ctx ends, when the time is up (0: never) or when a process dies. Its error says everything that
// went wrong, also that no event was delivered.
func (d *demo) run(ctx context.Context, duration time.Duration) error {
	if err := checkPorts(ctx, ports); err != nil {
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

	emulator, err := startProcess("emulator", emulatorLog, "bin/defendersim", emulatorArguments...)
	if err != nil {
		return err
	}
	if err := waitForEmulator(ctx, emulator); err != nil {
		return errors.Join(err, emulator.stop(stopGrace))
	}
	collector, err := startProcess("collector", collectorLog, "bin/otelcol-defender", "--config", configPath)
	if err != nil {
		return errors.Join(err, emulator.stop(stopGrace))
	}
	d.print.started(emulator, collector)

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
	"--listen", emulatorAddress, "--state", emulatorState, "--rows-per-day", "2000000", "--hidden", "0",
	"--requests-per-minute", "0", "--requests-per-hour", "0", "--cpu-per-quarter-hour", "0",
}

// watch prints progress until ctx ends or a process dies, which its stop then reports.
func (d *demo) watch(ctx context.Context, emulator, collector *process) error {
	ticker := time.NewTicker(progressInterval)
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
			queries, err := queryCount(ctx, metricsURL)
			if err != nil {
				queries = unknownQueries // the collector is still starting, or is about to end
			}
			d.print.progress(time.Since(d.started), &d.events.counts, queries)
		}
	}
}

func (d *demo) summary(emulator *process) error {
	defer d.events.close()
	if err := d.events.read(); err != nil {
		return err
	}
	d.print.summary(time.Since(d.started), &d.events.counts)
	d.print.emulatorReport(emulator)
	return nil
}

type port struct{ address, user string }

// checkPorts finds out before anything is started whether something else listens where the demo will.
func checkPorts(ctx context.Context, ports []port) error {
	var errs []error
	for _, p := range ports {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", p.address)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s is for %s, but cannot be used; is another demo running? %w", p.address, p.user, err))
			continue
		}
		_ = listener.Close()
	}
	return errors.Join(errs...)
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
func waitForEmulator(ctx context.Context, emulator *process) error {
	ctx, cancel := context.WithTimeout(ctx, startGrace)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", emulatorAddress)
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
			return fmt.Errorf("wait for the emulator at %s: %w", emulatorAddress, err)
		case <-ticker.C:
		}
	}
}
