package report

import "slices"

// Set is the results of a run, in the order in which they came.
type Set []Result

// names are the names of a part's results, each once.
func (s Set) names(part string) []string {
	var names []string
	for _, r := range s {
		if under(r.Name, part) && !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	return names
}

// median is the median of a figure; false if it was not measured.
func (s Set) median(name, unit string) (float64, bool) {
	var numbers []float64
	for _, r := range s {
		if r.Name != name {
			continue
		}
		for _, v := range r.Values {
			if v.Unit == unit {
				numbers = append(numbers, v.Number)
			}
		}
	}
	if len(numbers) == 0 {
		return 0, false
	}
	slices.Sort(numbers)
	middle := len(numbers) / 2
	if len(numbers)%2 == 1 {
		return numbers[middle], true
	}
	return (numbers[middle-1] + numbers[middle]) / 2, true
}

// Median is the median of a figure, 0 if it was not measured.
func (s Set) Median(name, unit string) float64 {
	m, _ := s.median(name, unit)
	return m
}

// ratio is a figure divided by the same one of another name.
func (s Set) ratio(name, by, unit string) (float64, bool) {
	a, ok := s.median(name, unit)
	b, found := s.median(by, unit)
	return a / b, ok && found && b != 0
}

// perRow is the unit of what a row costs: that of the processor's time where a benchmark has it, else that of the clock.
func (s Set) perRow(part string) string {
	if found := s.units(part, timeUnits); len(found) > 0 {
		return found[0]
	}
	return "ns/op"
}

// timeUnits are the units of what a row costs, the best first.
var timeUnits = []string{"cpu-ns/row", "cpu-ns/record", "ns/row", "ns/record"}

// units are those of a list that a part has.
func (s Set) units(part string, of []string) []string {
	return slices.DeleteFunc(slices.Clone(of), func(unit string) bool {
		return !slices.ContainsFunc(s.names(part), func(name string) bool {
			_, ok := s.median(name, unit)
			return ok
		})
	})
}
