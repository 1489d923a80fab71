package correlation

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/alert"
)

// stamp is a time of an alert.
type stamp struct {
	at    int64
	alert *alert.Alert
}

// timeline is sorted by time.
type timeline []stamp

// between are the stamps from one time to another, both included.
func (t timeline) between(from, to int64) iter.Seq[*alert.Alert] {
	return func(yield func(*alert.Alert) bool) {
		first, _ := slices.BinarySearchFunc(t, from, func(s stamp, at int64) int { return cmp.Compare(s.at, at) })
		for _, s := range t[first:] {
			if s.at > to || !yield(s.alert) {
				return
			}
		}
	}
}

// any reports whether there is a stamp between two times.
func (t timeline) any(from, to int64) bool {
	for range t.between(from, to) {
		return true
	}
	return false
}

// Index finds alerts. It is made anew when alerts have changed.
type Index struct {
	rule Rule
	// byTechnique has the time of each alert's creation, as the rule cuts it; byHost all times of alerts, by the name of the
	// host without its domain.
	byTechnique, byHost map[string]timeline
}

// NewIndex sorts alerts.
func NewIndex(rule Rule, alerts iter.Seq[*alert.Alert]) *Index {
	x := &Index{rule: rule, byTechnique: map[string]timeline{}, byHost: map[string]timeline{}}
	for a := range alerts {
		for _, technique := range a.Techniques {
			id := technique.Value()
			x.byTechnique[id] = append(x.byTechnique[id], stamp{rule.cut(a.Created()), a})
		}
		for _, host := range labels(a) {
			for _, at := range a.Times() {
				x.byHost[host] = append(x.byHost[host], stamp{at, a})
			}
		}
	}
	for _, all := range []map[string]timeline{x.byTechnique, x.byHost} {
		for _, t := range all {
			slices.SortFunc(t, func(a, b stamp) int { return cmp.Compare(a.at, b.at) })
		}
	}
	return x
}

// label is the name of a host without its domain.
func label(host string) string {
	name, _, _ := strings.Cut(strings.ToLower(host), ".")
	return name
}

func labels(a *alert.Alert) []string {
	var all []string
	for _, host := range a.Hosts {
		if l := label(host.Value()); !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}

// withTechnique are the alerts around a completion that detect a technique.
func (x *Index) withTechnique(technique string, completed int64) iter.Seq[*alert.Alert] {
	return func(yield func(*alert.Alert) bool) {
		from, to := x.window(completed)
		for _, id := range x.rule.wanted(technique) {
			for a := range x.byTechnique[id].between(from, to) {
				if !yield(a) {
					return
				}
			}
		}
	}
}

// hasTechnique reports whether there is one.
func (x *Index) hasTechnique(technique string, completed int64) bool {
	from, to := x.window(completed)
	return slices.ContainsFunc(x.rule.wanted(technique), func(id string) bool { return x.byTechnique[id].any(from, to) })
}

func (x *Index) window(completed int64) (from, to int64) {
	at := x.rule.cut(completed)
	return at - int64(x.rule.Window), at + int64(x.rule.Window)
}

// onHost are the alerts of a host that may belong to an execution, some of them several times.
func (x *Index) onHost(host string, completed int64) iter.Seq[*alert.Alert] {
	return func(yield func(*alert.Alert) bool) {
		reach := int64(x.rule.Reach())
		for a := range x.byHost[label(host)].between(completed-reach, completed+max(reach, int64(x.rule.After))) {
			if onHost(a, host) && !yield(a) {
				return
			}
		}
	}
}
