package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// explanation says what the figures of a table mean.
const explanation = `  queries   what the collector asked the service for the table
  rows      what the service gave and the pipeline took, each row once
  events    the rows that a person caused; each is one line of the event file
  dropped   rows of machine accounts, of nobody, and of the directories DeviceInfo and IdentityInfo
  complete  how long ago the time lies up to which the table was read whole; 10s of it are settle`

// progress is what there is to see while the demo runs.
type progress struct {
	elapsed time.Duration
	events  *eventCounts
	tables  figures // empty until the collector answers
}

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

func (p printer) started(emulator, collector int, at ports) {
	p.linef("  emulator   pid %-7d %s   log %s", emulator, at.emulatorURL(), emulatorLog)
	p.linef("  collector  pid %-7d %s         log %s", collector, configPath, collectorLog)
	p.linef("  page       %s", at.pageURL())
	p.linef("  metrics    %s", at.metricsURL())
	p.linef("  health     %s", at.healthURL())
	p.linef("  events     %s\n", eventsPath)
}

// progress writes one line.
func (p printer) progress(now progress) {
	newest := ""
	if !now.events.newest.IsZero() {
		newest = ", newest event " + now.events.newest.UTC().Format("15:04:05Z")
	}
	asked := "no query yet"
	if queries := now.tables.sum().queries; queries > 0 {
		asked = fmt.Sprintf("%d queries", queries)
	}
	p.linef("%5s  %7d events   %s   %s%s", now.elapsed.Truncate(time.Second), now.events.total, byType(now.events), asked, newest)
}

func (p printer) stopping() {
	p.linef("\nstopping: the collector first, then the emulator ...")
}

// summary writes what was read and delivered, and one event.
func (p printer) summary(last progress) {
	p.linef("")
	if len(last.tables) > 0 {
		for _, line := range table(last.tables) {
			p.linef("  %s", line)
		}
		p.linef("\n%s", explanation)
	}
	warnings, failures := countLevels(collectorLog)
	p.linef("\n%d TOTAL events of %d people in %s after %s", last.events.total, len(last.events.people), eventsPath, last.elapsed.Truncate(time.Second))
	p.linef("  by type        %s", byType(last.events))
	p.linef("  collector log  %d errors, %d warnings in %s", failures, warnings, collectorLog)
	p.event(last.events.sample)
}

// event writes one event, with its fields in their order.
func (p printer) event(line []byte) {
	var text bytes.Buffer
	if len(line) == 0 || json.Indent(&text, line, "  ", "  ") != nil {
		return
	}
	p.linef("\nOne of them:\n\n  %s", text.String())
}

// emulatorReport shows what the emulator prints when it ends: each call, and rows that were asked for twice.
func (p printer) emulatorReport(logPath string) {
	text, err := os.ReadFile(logPath)
	if err != nil {
		return
	}
	_, report, found := strings.Cut(string(text), "\npath ")
	if found {
		p.linef("\nWhat the emulator saw of the collector:\n\npath %s", strings.TrimSpace(report))
	}
}

// table lays the figures out, a line each, with a sum at the end.
func table(f figures) []string {
	const header, row = "%-21s  %7s  %7s  %7s  %7s  %8s", "%-21s  %7d  %7d  %7d  %7d  %8s"
	lines := []string{fmt.Sprintf(header, "table", "queries", "rows", "events", "dropped", "complete")}
	line := func(name string, t tableFigures) {
		lines = append(lines, fmt.Sprintf(row, name, t.queries, t.rows, t.events, t.dropped, t.lag.Round(time.Second)))
	}
	for _, name := range f.read() {
		line(name, *f[name])
	}
	line("all", f.sum())
	return lines
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
