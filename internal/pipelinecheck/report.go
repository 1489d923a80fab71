package pipelinecheck

import "slices"

// Effect is what becomes of rows.
type Effect string

// What a construct can do to rows, the worst first.
const (
	Loses     Effect = "loses"     // rows are reported as delivered and can still be lost
	MayLose   Effect = "may_lose"  // rows can be lost on some machines: which, cannot be seen in the configuration
	Disorders Effect = "disorders" // events of a person can change places
	Repeats   Effect = "repeats"   // rows come again, with the same log.record.uid
	Stalls    Effect = "stalls"    // nothing is lost, but nothing moves until somebody acts
	Notes     Effect = "notes"     // worth knowing, or done on purpose
)

// Severity of a finding: only an Error is a way to lose rows.
type Severity string

// The severities, the worst first.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Severity follows from the effect.
func (e Effect) Severity() Severity {
	switch e {
	case Loses:
		return Error
	case MayLose, Disorders, Repeats, Stalls:
		return Warning
	default:
		return Info
	}
}

// Finding is one construct of the configuration that a rule speaks of.
type Finding struct {
	Severity Severity `json:"severity"`
	Effect   Effect   `json:"effect"`
	Rule     string   `json:"rule"`
	// Path is the place in the configuration, e.g. exporters::kafka::sending_queue.
	Path string `json:"path"`
	// Sources are the receivers whose rows are concerned.
	Sources []string `json:"sources"`
	Why     string   `json:"why"`
	Remedy  string   `json:"remedy"`
}

// Remark says something of a component without a rule: why the collector would refuse it, or why it is not judged.
type Remark struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Report is what Check found. It holds no secrets.
type Report struct {
	// Sources are the receivers from which rows were followed.
	Sources []string `json:"sources"`
	// NoSource says why there are none; else it is empty.
	NoSource string `json:"no_source,omitempty"`
	// Findings stand in order of severity.
	Findings []Finding `json:"findings"`
	// Invalid is what the collector would refuse at start.
	Invalid []Remark `json:"invalid"`
	// NotJudged are components that rows pass and that there are no rules for.
	NotJudged []Remark `json:"not_judged"`
	// Unset are environment variables that the configuration asks for and that are not set here.
	Unset []Remark `json:"unset"`
}

// Verdict is what can be said of a configuration as a whole.
type Verdict uint8

// The verdicts.
const (
	Clean    Verdict = iota // no way to lose rows was found
	Lossy                   // there is one
	Unjudged                // none was found, but not all of it can be judged
)

// Verdict: a way to lose rows is one, whatever else there is.
func (r *Report) Verdict() Verdict {
	switch {
	case r.Count(Error) > 0:
		return Lossy
	case r.NoSource != "" || len(r.Invalid)+len(r.NotJudged)+len(r.Unset) > 0:
		return Unjudged
	}
	return Clean
}

// Count is the number of findings of a severity.
func (r *Report) Count(severity Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

// add takes a finding in; one that is there already gets another source.
func (r *Report) add(rule *rule, path, source string) {
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Rule == rule.name && f.Path == path {
			if !slices.Contains(f.Sources, source) {
				f.Sources = append(f.Sources, source)
			}
			return
		}
	}
	r.Findings = append(r.Findings, Finding{
		Severity: rule.effect.Severity(), Effect: rule.effect, Rule: rule.name, Path: path,
		Sources: []string{source}, Why: rule.why, Remedy: rule.remedy,
	})
}
