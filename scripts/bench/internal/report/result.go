package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Value is a figure with its unit, e.g. ns/op.
type Value struct {
	Number float64
	Unit   string
}

// Result is one measurement.
type Result struct {
	// Name is without the word Benchmark and the number of processors.
	Name   string
	N      int
	Values []Value
}

// String is the result as a line of Go's benchmark format.
func (r Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Benchmark%s\t%d", r.Name, r.N)
	for _, v := range r.Values {
		fmt.Fprintf(&b, "\t%s %s", strconv.FormatFloat(v.Number, 'g', 6, 64), v.Unit)
	}
	return b.String()
}

// Parse reads the results among other lines.
func Parse(r io.Reader) ([]Result, error) {
	var results []Result
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if result, ok := parseLine(lines.Text()); ok {
			results = append(results, result)
		}
	}
	return results, lines.Err()
}

func parseLine(line string) (Result, bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
		return Result{}, false
	}
	n, err := strconv.Atoi(fields[1])
	if err != nil {
		return Result{}, false
	}
	r := Result{Name: withoutProcessors(strings.TrimPrefix(fields[0], "Benchmark")), N: n}
	for i := 2; i+1 < len(fields); i += 2 {
		number, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return Result{}, false
		}
		r.Values = append(r.Values, Value{number, fields[i+1]})
	}
	return r, true
}

// withoutProcessors takes off the number of processors, which Go adds where it is not 1.
func withoutProcessors(name string) string {
	at := strings.LastIndexByte(name, '-')
	if at < 0 {
		return name
	}
	if _, err := strconv.Atoi(name[at+1:]); err != nil {
		return name
	}
	return name[:at]
}

// key is the value of a key in a name.
func key(name, key string) string {
	for part := range strings.SplitSeq(name, "/") {
		if value, ok := strings.CutPrefix(part, key+"="); ok {
			return value
		}
	}
	return ""
}

// with is the name with another value of a key.
func with(name, key, value string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, key+"=") {
			parts[i] = key + "=" + value
		}
	}
	return strings.Join(parts, "/")
}

// under reports whether a result belongs to a part.
func under(name, part string) bool { return name == part || strings.HasPrefix(name, part+"/") }
