package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// table is a table in Markdown: a head, and lines with as many cells.
type table struct {
	head  []string
	lines [][]string
}

func (t *table) add(cells ...string) { t.lines = append(t.lines, cells) }

func (t *table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(t.head, " | "), strings.Repeat("---|", len(t.head)))
	for _, line := range t.lines {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
	}
	return b.String()
}

// figure writes a number with three digits, and a dash for one that was not measured.
func figure(n float64, ok bool) string {
	switch {
	case !ok || math.IsNaN(n) || math.IsInf(n, 0):
		return "–"
	case n == 0:
		return "0"
	case math.Abs(n) >= 100:
		return thousands(int(math.Round(n)))
	default:
		digits := 2 - int(math.Floor(math.Log10(math.Abs(n))))
		return strconv.FormatFloat(n, 'f', min(digits, 4), 64)
	}
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
