package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// unknownQueries stands for a count that the collector has not told yet.
const unknownQueries = -1

// eventTypes is the order of the columns.
var eventTypes = []string{"AUTH", "ENDPOINT", "NETWORK", "DATA_ACCESS", "ALERT"}

// printer writes what the user of the demo sees.
type printer struct{ out io.Writer }

func (p printer) linef(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format+"\n", args...)
}

func (p printer) opening(duration time.Duration) {
	end := "Ctrl-C ends it"
	if duration > 0 {
		end = "it ends by itself after " + duration.String()
	}
	p.linef("otelcol-defender demo: rows of a sample tenant become TOTAL events; %s.", end)
	p.linef("It starts afresh: events, cursors and logs of an earlier demo in %s/ have been removed.\n", directory)
}

func (p printer) started(emulator, collector *process) {
	p.linef("  emulator   pid %-7d https://%s   log %s", emulator.command.Process.Pid, emulatorAddress, emulator.logPath)
	p.linef("  collector  pid %-7d %s         log %s", collector.command.Process.Pid, configPath, collector.logPath)
	p.linef("  page       http://127.0.0.1:13134")
	p.linef("  metrics    %s", metricsURL)
	p.linef("  health     http://127.0.0.1:13133/status")
	p.linef("  events     %s\n", eventsPath)
}

func (p printer) progress(elapsed time.Duration, counts *eventCounts, queries int) {
	asked := "no query yet"
	if queries != unknownQueries {
		asked = fmt.Sprintf("%d queries", queries)
	}
	newest := ""
	if !counts.newest.IsZero() {
		newest = ", newest event " + counts.newest.UTC().Format("15:04:05Z")
	}
	p.linef("%5s  %7d events   %s   %s%s", elapsed.Truncate(time.Second), counts.total, byType(counts), asked, newest)
}

func (p printer) stopping() {
	p.linef("\nstopping: the collector first, then the emulator ...")
}

func (p printer) summary(elapsed time.Duration, counts *eventCounts) {
	warnings, failures := countLevels(collectorLog)
	p.linef("\n%d TOTAL events of %d people in %s after %s", counts.total, len(counts.people), eventsPath, elapsed.Truncate(time.Second))
	p.linef("  by type        %s", byType(counts))
	p.linef("  collector log  %d errors, %d warnings in %s", failures, warnings, collectorLog)
	p.linef("  look at one    head -n 1 %s", eventsPath)
}

// emulatorReport shows what the emulator prints when it ends: each call, and rows that were asked for twice.
func (p printer) emulatorReport(emulator *process) {
	text, err := os.ReadFile(emulator.logPath)
	if err != nil {
		return
	}
	_, report, found := strings.Cut(string(text), "\npath ")
	if found {
		p.linef("\nWhat the emulator saw of the collector:\n\npath %s", strings.TrimSpace(report))
	}
}

// byType lists the known event types always, so that a missing one is seen, and then any others.
func byType(counts *eventCounts) string {
	parts := make([]string, 0, len(eventTypes))
	for _, eventType := range eventTypes {
		parts = append(parts, fmt.Sprintf("%s %d", eventType, counts.byType[eventType]))
	}
	for _, eventType := range slices.Sorted(maps.Keys(counts.byType)) {
		if !slices.Contains(eventTypes, eventType) {
			parts = append(parts, fmt.Sprintf("%s %d", eventType, counts.byType[eventType]))
		}
	}
	return strings.Join(parts, "  ")
}

// Marks of a level in a collector's log, in its console form.
const (
	warning = "\twarn\t"
	failure = "\terror\t"
)

func countLevels(path string) (warnings, failures int) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, 0
	}
	return bytes.Count(text, []byte(warning)), bytes.Count(text, []byte(failure))
}
