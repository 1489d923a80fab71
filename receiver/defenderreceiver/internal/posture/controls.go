package posture

import (
	"slices"
	"sync"
	"time"
)

// Controls are the alerts of the last days and the controls of the newest score, out of which comes how many alerts belong to
// each control. It is safe for concurrent use.
type Controls struct {
	window time.Duration

	mu       sync.Mutex // guards what follows
	alerts   alerts
	since    time.Time // from when on alerts are known, by their updates; zero: none are
	complete time.Time // up to when they were read
	score    Score
	profiles []Profile
}

// NewControls makes one without alerts, which counts those of a window.
func NewControls(window time.Duration) *Controls {
	return &Controls{window: window, alerts: newAlerts()}
}

// Begin says from when on alerts are read, unless that is known.
func (c *Controls) Begin(since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		c.since = since
	}
}

// Since is from when on alerts are known.
func (c *Controls) Since() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since
}

// Accept takes a version of an alert.
func (c *Controls) Accept(a Alert) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alerts.accept(a)
}

// Complete says up to when alerts were read.
func (c *Controls) Complete(until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.complete = until
	c.alerts.forget(until.Add(-c.window - 2*day).UTC().Format(time.DateOnly))
}

// Catalog takes the newest score and the profiles.
func (c *Controls) Catalog(score Score, profiles []Profile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.score, c.profiles = score, profiles
}

// Days are those whose stored form there may be.
func (c *Controls) Days(now time.Time) []string {
	var days []string
	for ago := range int((c.window+3*day)/day) + 1 {
		days = append(days, now.UTC().AddDate(0, 0, 1-ago).Format(time.DateOnly))
	}
	return days
}

// Load takes up the stored form of a day.
func (c *Controls) Load(of string, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.alerts.load(of, data)
}

// Changed are the days that differ from what is stored, in their stored form, of which nil is none. They count as stored from
// now on.
func (c *Controls) Changed() (map[string][]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := map[string][]byte{}
	for of := range c.alerts.changed {
		data, err := c.alerts.encode(of)
		if err != nil {
			return nil, err
		}
		changed[of] = data
	}
	clear(c.alerts.changed)
	return changed, nil
}

// NotStored says that days could not be stored.
func (c *Controls) NotStored(changed map[string][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for of := range changed {
		c.alerts.changed[of] = true
	}
}

// Counted is a day's count.
type Counted struct {
	Day string
	// From and To are when the alerts were created that were counted. From is later than the window begins where older alerts
	// are not known.
	From, To time.Time
	Controls []ControlAlerts
}

// ControlAlerts is how many alerts belong to a control.
type ControlAlerts struct {
	Profile
	Techniques []string // that the control is against
	Score      float64  // of the day; below zero: it has none
	Alerts     int
	BySeverity map[string]int
	// Seen are the techniques of those alerts that the control is against, with their alerts.
	Seen map[string]int
}

// lateAlerts is how long after a day's midnight alerts may come that were created before it.
const lateAlerts = 15 * time.Minute

// Count counts the alerts of each control that the table has techniques of, in the window before the newest score's day. It is
// false while there is no such day after the last one that was counted, or its alerts were not read.
func (c *Controls) Count(table Table, last string) (Counted, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	midnight, err := time.Parse(time.DateOnly, c.score.Day)
	if err != nil || c.score.Day <= last || len(c.profiles) == 0 || c.complete.Before(midnight.Add(lateAlerts)) {
		return Counted{}, false
	}
	counted := Counted{Day: c.score.Day, From: midnight.Add(-c.window), To: midnight}
	if c.since.After(counted.From) {
		counted.From = c.since
	}
	found, points := c.alerts.within(counted.From, counted.To), map[string]float64{}
	for _, control := range c.score.Controls {
		points[control.Name] = control.Score
	}
	for _, p := range c.profiles {
		techniques := table.TechniquesOf(p.Title)
		if p.Deprecated || len(techniques) == 0 {
			continue
		}
		one := ControlAlerts{Profile: p, Techniques: techniques, Score: unknown, BySeverity: map[string]int{}, Seen: map[string]int{}}
		if score, known := points[p.ID]; known {
			one.Score = score
		}
		for _, alert := range found {
			one.add(alert)
		}
		counted.Controls = append(counted.Controls, one)
	}
	return counted, true
}

// add counts an alert once, however many of its techniques the control is against.
func (c *ControlAlerts) add(alert kept) {
	var seen []string
	for _, technique := range alert.Techniques {
		if covers(c.Techniques, technique) && !slices.Contains(seen, technique) {
			seen = append(seen, technique)
			c.Seen[technique]++
		}
	}
	if len(seen) > 0 {
		c.Alerts++
		c.BySeverity[alert.Severity]++
	}
}
