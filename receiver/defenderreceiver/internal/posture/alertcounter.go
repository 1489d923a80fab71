package posture

import (
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// AlertWords are what alerts are counted by: words of the service only, so that there are few groups.
type AlertWords struct {
	Severity, Classification string
}

// The words of the service for how grave an alert is and for what somebody took it. What is not said is unknown, and a word
// that is none of these is the one that the service itself keeps for words to come.
var (
	severityWords       = []string{unknownWord, "informational", "low", "medium", "high"}
	classificationWords = []string{unknownWord, "falsePositive", "truePositive", "informationalExpectedActivity"}
)

const futureWord = "unknownFutureValue"

func wordOf(body pcommon.Map, key string, words []string) string {
	said := text(body, key)
	if said == "" {
		return unknownWord
	}
	if i := slices.Index(words, said); i >= 0 {
		return words[i]
	}
	return futureWord
}

// AlertVersion is a version of an alert, as far as it is counted.
type AlertVersion struct {
	AlertWords
	Created  time.Time
	Resolved time.Time // zero: it is not resolved
}

// AlertVersionOf reads an alert of Graph's security API.
func AlertVersionOf(body pcommon.Map) AlertVersion {
	if text(body, "id") == "" || instant(body, "lastUpdateDateTime").IsZero() {
		return AlertVersion{} // versions of it cannot be told apart, so none of them counts
	}
	v := AlertVersion{
		AlertWords: AlertWords{wordOf(body, "severity", severityWords), wordOf(body, "classification", classificationWords)},
		Created:    instant(body, "createdDateTime"),
	}
	if text(body, "status") == "resolved" {
		v.Resolved = instant(body, "resolvedDateTime")
	}
	return v
}

// timesToResolve are the upper bounds of how long alerts took until they were resolved, in seconds: from a minute to 30 days.
var timesToResolve = [...]float64{60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86400, 3 * 86400, 7 * 86400, 30 * 86400}

// TimesToResolve are the upper bounds of AlertCounts.Times, in seconds. The last count has none.
func TimesToResolve() []float64 { return slices.Clone(timesToResolve[:]) }

// AlertCounts are those of a group.
type AlertCounts struct {
	Created, Resolved int64
	// Times is how many were resolved within each of TimesToResolve, and not within the one before; Seconds is their sum.
	Times   [len(timesToResolve) + 1]uint64
	Seconds float64
}

// AlertCounter counts what became of alerts since it was made. It is safe for concurrent use.
type AlertCounter struct {
	mu     sync.Mutex
	groups map[AlertWords]AlertCounts
}

// NewAlertCounter makes a counter that has counted nothing.
func NewAlertCounter() *AlertCounter { return &AlertCounter{groups: map[AlertWords]AlertCounts{}} }

// Accept counts a version that was delivered. What was delivered of the alert before was updated at the time of before, or
// earlier; if this version is the first one that is known, so was all that is forgotten.
func (c *AlertCounter) Accept(v AlertVersion, first bool, before time.Time) {
	created := first && v.Created.After(before)
	resolved := v.Resolved.After(before)
	if !created && !resolved {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := c.groups[v.AlertWords]
	if created {
		counts.Created++
	}
	if resolved {
		counts.resolve(v)
	}
	c.groups[v.AlertWords] = counts
}

// resolve counts an alert that was resolved. How long that took is not known of one that does not say when it was created.
func (n *AlertCounts) resolve(v AlertVersion) {
	n.Resolved++
	if v.Created.IsZero() {
		return
	}
	seconds := max(v.Resolved.Sub(v.Created).Seconds(), 0)
	within, _ := slices.BinarySearch(timesToResolve[:], seconds)
	n.Times[within]++
	n.Seconds += seconds
}

// Counts are those of each group that has any.
func (c *AlertCounter) Counts() map[AlertWords]AlertCounts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.groups)
}
