package report

import (
	"fmt"
	"strings"
)

// The parts of a run, as their results' names begin.
const (
	Decode     = "Decode"
	Normalize  = "Normalize"
	Pipeline   = "Pipeline"
	Checkpoint = "Checkpoint"
	Overlap    = "Overlap"
	Start      = "Start"
	Idle       = "Idle"
	Growth     = "Growth"
)

// Units of the results that are measured on processes.
const (
	CPUPerMillion  = "cpu-s/Mrow"
	RowsPerCore    = "rows/s/core"
	PeakMiB        = "peak-MiB"
	StartPeakMiB   = "start-peak-MiB"
	ResidentMiB    = "rss-MiB"
	AnonymousMiB   = "anon-MiB"
	CPUPercent     = "cpu-%"
	CPUSeconds     = "cpu-s"
	DeliveredShare = "delivered-%"
)

// Builds that a run can measure, beside each other.
const (
	Now    = "now"
	Before = "before"
)

// section is a part's table with what stands above it.
type section struct {
	title, text string
	table       func(Set) *table
}

var sections = []section{
	{"Decode", "One row of an answer into a log record, CPU on one processor. `÷ ours` is how often ours fits into it.", ways(Decode)},
	{"Normalize", "One record of a table through the processor, CPU on one processor.", ways(Normalize)},
	{"Pipeline", "The collector in a process of its own. CPU is of all its threads, without that of its start.", pipelines},
	{"Checkpoint", "One checkpoint of one table, with rows remembered for a day.", checkpoints},
	{"Ledger", "Row ids in memory, for an hour that is read again by event time, at 10 million rows a day.", overlaps},
	{"Start", "A collector that has nothing to read but its directories, from its start until it rests. *Anonymous* memory is what it has then " +
		"without the pages of the program's file.", starts},
	{"Idle and growth", "A collector to which nothing new comes.", idles},
	{"Growth with rows", "Receiver and processor into nop, gzip.", growths},
}

// Tables are the tables of all parts that were measured.
func (s Set) Tables() string {
	var b strings.Builder
	for _, section := range sections {
		t := section.table(s)
		if len(t.lines) == 0 {
			continue
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n\n%s\n", section.title, section.text, t)
	}
	return b.String()
}

// ways compares ways to do the same, of each table.
func ways(part string) func(Set) *table {
	return func(s Set) *table {
		unit := s.perRow(part)
		more := s.units(part, []string{"MB/s", "B/row", "B/record", "allocs/row", "allocs/record"})
		t := &table{head: append([]string{"table", "way", unit, "÷ ours"}, more...)}
		for _, name := range s.names(part) {
			ratio, known := s.ratio(name, with(name, "way", "ours"), unit)
			cells := []string{orElse(key(name, "table"), "–"), orElse(key(name, "way"), strings.TrimPrefix(name, part+"/")), s.cell(name, unit), figure(ratio, known)}
			for _, unit := range more {
				cells = append(cells, s.cell(name, unit))
			}
			t.add(cells...)
		}
		return t
	}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// cell is a figure.
func (s Set) cell(name, unit string) string {
	n, ok := s.median(name, unit)
	return figure(n, ok)
}

// builds are two cells and their quotient: of the build before, and of this one.
func (s Set) builds(name, unit string) []string {
	before := with(name, "build", Before)
	ratio, known := s.ratio(name, before, unit)
	return []string{s.cell(before, unit), s.cell(name, unit), figure(ratio, known)}
}

// current are the names of a part's results of this build.
func (s Set) current(part string) []string {
	var names []string
	for _, name := range s.names(part) {
		if key(name, "build") != Before {
			names = append(names, name)
		}
	}
	return names
}

func pipelines(s Set) *table {
	t := &table{head: []string{
		"pipeline", "wire", "CPU s / million rows: before", "now", "ratio", "rows/s per core", "peak RSS MiB: before", "now", "ratio",
	}}
	for _, name := range s.current(Pipeline) {
		if key(name, "into") == "" {
			continue
		}
		cells := []string{pipelineTitle(name), key(name, "wire")}
		cells = append(cells, s.builds(name, CPUPerMillion)...)
		cells = append(cells, s.cell(name, RowsPerCore))
		cells = append(cells, s.builds(name, PeakMiB)...)
		t.add(cells...)
	}
	return t
}

func pipelineTitle(name string) string {
	if key(name, "processor") == "no" {
		return "receiver → " + key(name, "into")
	}
	return "receiver, processor → " + key(name, "into")
}

func checkpoints(s Set) *table {
	t := &table{head: []string{"ids remembered", "ms", "kB written", "allocs/op"}}
	for _, name := range s.names(Checkpoint) {
		ns, ok := s.median(name, "ns/op")
		t.add(key(name, "ids"), figure(ns/1e6, ok), s.cell(name, "kB-written/op"), s.cell(name, "allocs/op"))
	}
	return t
}

func overlaps(s Set) *table {
	t := &table{head: []string{"rows", "MB on the heap"}}
	for _, name := range s.names(Overlap) {
		t.add(key(name, "rows"), s.cell(name, "heap-MB"))
	}
	return t
}

func starts(s Set) *table {
	t := &table{head: []string{"", "before", "now", "ratio"}}
	for _, name := range s.current(Start) {
		for _, row := range [][2]string{{"peak RSS MiB", StartPeakMiB}, {"anonymous MiB", AnonymousMiB}, {"CPU s", CPUSeconds}} {
			t.add(append(row[:1:1], s.builds(name, row[1])...)...)
		}
	}
	return t
}

func idles(s Set) *table {
	t := &table{head: []string{
		"receivers", "tables each", "CPU % of a core: before", "now", "ratio", "RSS MiB: before", "now", "ratio", "anonymous MiB: before", "now", "ratio",
	}}
	for _, name := range s.current(Idle) {
		cells := []string{key(name, "receivers"), key(name, "tables")}
		for _, unit := range []string{CPUPercent, ResidentMiB, AnonymousMiB} {
			cells = append(cells, s.builds(name, unit)...)
		}
		t.add(cells...)
	}
	return t
}

func growths(s Set) *table {
	t := &table{head: []string{"rows", "CPU s: before", "now", "ratio", "peak RSS MiB: before", "now", "ratio"}}
	for _, name := range s.current(Growth) {
		cells := append([]string{key(name, "rows")}, s.builds(name, CPUSeconds)...)
		t.add(append(cells, s.builds(name, PeakMiB)...)...)
	}
	return t
}
