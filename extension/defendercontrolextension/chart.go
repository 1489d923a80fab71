package defendercontrolextension

import (
	"fmt"
	"strings"
)

// chart is the rate of the last hour as the points of a line in a box of 120 by 28.
type chart struct {
	Line, Area, Label, Total string
}

// The box of a chart.
const (
	chartWidth  = 120.0
	chartHeight = 28.0
)

func newChart(perMinute []int) chart {
	if len(perMinute) == 0 {
		return chart{Total: "–"} // it is not counted
	}
	most, sum := 0, 0
	for _, rows := range perMinute {
		most, sum = max(most, rows), sum+rows
	}
	c := chart{Total: grouped(sum), Label: fmt.Sprintf("%s rows in the last hour, at most %s in a minute", grouped(sum), grouped(most))}
	if len(perMinute) < 2 {
		return c
	}
	points := make([]string, 0, len(perMinute))
	for i, rows := range perMinute {
		x := chartWidth * float64(i) / float64(len(perMinute)-1)
		y := chartHeight - 1 - (chartHeight-3)*float64(rows)/float64(max(most, 1))
		points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
	}
	c.Line = strings.Join(points, " ")
	c.Area = fmt.Sprintf("0,%.0f %s %.0f,%.0f", chartHeight, c.Line, chartWidth, chartHeight)
	return c
}
