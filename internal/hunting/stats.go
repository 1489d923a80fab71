package hunting

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Stats is what an answer cost and held.
type Stats struct {
	Rows     int64
	Bytes    int64         // of the decompressed body
	Repaired int64         // values that could not be kept as they came
	Waited   time.Duration // for the service, from sending the request
	// CPU is what the legacy API reports, often only after the last row; else HasCPU is false.
	CPU    time.Duration
	HasCPU bool
}

// readCPU takes what a legacy answer's Stats say.
func (s *Stats) readCPU(value []byte) {
	var told struct {
		ResourceUsage struct {
			CPU struct {
				Total text `json:"total cpu"`
			} `json:"cpu"`
		} `json:"resource_usage"`
	}
	// What the rows cost must never stop them, so an odd form only means that the cost is unknown.
	if json.Unmarshal(value, &told) == nil {
		if cpu, err := parseTimeSpan(string(told.ResourceUsage.CPU.Total)); err == nil {
			s.CPU, s.HasCPU = cpu, true
		}
	}
}

// parseTimeSpan reads .NET's [d.]hh:mm:ss[.fffffff].
func parseTimeSpan(s string) (time.Duration, error) {
	hours, rest, ok := strings.Cut(s, ":")
	minutes, seconds, ok2 := strings.Cut(rest, ":")
	if !ok || !ok2 {
		return 0, fmt.Errorf("%q is no time span", s)
	}
	days := "0"
	if d, h, found := strings.Cut(hours, "."); found {
		days, hours = d, h
	}
	var total time.Duration
	for _, part := range []struct {
		text string
		unit time.Duration
		most uint64
	}{{days, 24 * time.Hour, 10_000}, {hours, time.Hour, 23}, {minutes, time.Minute, 59}} {
		n, err := strconv.ParseUint(part.text, 10, 32)
		if err != nil || n > part.most {
			return 0, fmt.Errorf("%q is no time span", s)
		}
		total += time.Duration(n) * part.unit
	}
	whole, err := time.ParseDuration(seconds + "s")
	if err != nil || whole < 0 || whole >= time.Minute {
		return 0, fmt.Errorf("%q is no time span", s)
	}
	return total + whole, nil
}

// text is a JSON string, or another scalar's text: codes come as numbers too.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = string(b)
	}
	*t = text(s)
	return nil
}
