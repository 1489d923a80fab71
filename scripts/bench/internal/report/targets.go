package report

import "math"

// target is a bound of one figure.
type target struct {
	title  string
	figure func(s Set, build string) (float64, bool)
	bound  float64
	least  bool // bound is the least that is wanted, not the most
}

var targets = []target{
	{"decode: hand-rolled bound ÷ ours", worst(Decode, "bound"), 0.85, true},
	{"decode: `encoding/json` into maps ÷ ours", worst(Decode, "maps"), 5, true},
	{"normalize: beyond building the event, µs", beyondBuilding(timeUnits, 1e-3), 2.5, false},
	{"normalize: beyond building the event, allocations", beyondBuilding([]string{"allocs/record"}, 1), 8, false},
	{"normalize: transform + groupbyattrs ÷ ours", worst(Normalize, "transform"), 5, true},
	{"receiver → nop, CPU s per million rows", process("Pipeline/into=nop/processor=no/wire=gzip", CPUPerMillion), 10, false},
	{"receiver, processor → nop, CPU s per million rows", process("Pipeline/into=nop/processor=yes/wire=gzip", CPUPerMillion), 17, false},
	{"receiver, processor → nop, peak RSS MiB", process("Pipeline/into=nop/processor=yes/wire=gzip", PeakMiB), 128, false},
	{"idle, RSS MiB", process("Idle/receivers=1/tables=9", ResidentMiB), 64, false},
	{"peak at start, MiB", process(Start, StartPeakMiB), 72, false},
	{"ledger by event time at 10 million rows a day, MB an hour of overlap", plain("Overlap/rows=416666", "heap-MB"), 8, false},
	{"50 receivers idle, CPU % of a core", process("Idle/receivers=50/tables=9", CPUPercent), 2, false},
	{"50 receivers idle, RSS MiB", process("Idle/receivers=50/tables=9", ResidentMiB), 250, false},
}

// Targets is the table that compares the figures that were measured with their targets.
func (s Set) Targets() string {
	t := &table{head: []string{"figure", "before", "now", "target", ""}}
	for _, one := range targets {
		before, measured := one.figure(s, Before)
		now, ok := one.figure(s, Now)
		if !ok {
			continue
		}
		sign, met := "≤ ", now <= one.bound
		if one.least {
			sign, met = "≥ ", now >= one.bound
		}
		verdict := "met"
		if !met {
			verdict = "**missed**"
		}
		t.add(one.title, figure(before, measured), figure(now, ok), sign+figure(one.bound, true), verdict)
	}
	if len(t.lines) == 0 {
		return ""
	}
	return t.String()
}

// process is a figure of a process.
func process(name, unit string) func(Set, string) (float64, bool) {
	return func(s Set, build string) (float64, bool) { return s.median(name+"/build="+build, unit) }
}

// plain is a figure of this build's tests.
func plain(name, unit string) func(Set, string) (float64, bool) {
	return func(s Set, build string) (float64, bool) {
		if build != Now {
			return 0, false
		}
		return s.median(name, unit)
	}
}

// worst is the ratio of a way to ours, of the table in which it is the smallest.
func worst(part, way string) func(Set, string) (float64, bool) {
	return func(s Set, build string) (float64, bool) {
		found, known := 0.0, false
		for _, name := range s.names(part) {
			if build != Now || key(name, "way") != way {
				continue
			}
			ratio, ok := s.ratio(name, with(name, "way", "ours"), s.perRow(part))
			if ok && (!known || ratio < found) {
				found, known = ratio, true
			}
		}
		return found, known
	}
}

// beyondBuilding is what a record costs more than the building of its event, of the table where that is the most.
func beyondBuilding(units []string, scale float64) func(Set, string) (float64, bool) {
	return func(s Set, build string) (float64, bool) {
		found := s.units(Normalize, units)
		if len(found) == 0 || build != Now {
			return 0, false
		}
		most, known := math.Inf(-1), false
		for _, name := range s.names(Normalize) {
			ours, ok := s.median(name, found[0])
			built, also := s.median(with(name, "way", "build"), found[0])
			if key(name, "way") == "ours" && ok && also {
				most, known = max(most, (ours-built)*scale), true
			}
		}
		return most, known
	}
}
