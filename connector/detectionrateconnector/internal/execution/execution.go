package execution

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Outcome is how a test ended.
type Outcome string

// The outcomes. Protected and unprotected are conclusive.
const (
	Protected    Outcome = "protected"
	Unprotected  Outcome = "unprotected"
	Inconclusive Outcome = "inconclusive"
	Skipped      Outcome = "skipped"
	Failed       Outcome = "error"
	Unknown      Outcome = "unknown"
)

// maxTechniques is how many techniques an execution may have.
const maxTechniques = 64

// Execution is one version of an execution. Its stored form is its JSON.
type Execution struct {
	ID string `json:"id"`
	// Test is the test's id, without that of a control; Bundle is that of its bundle, Control its part of the bundle.
	Test    string `json:"test,omitempty"`
	Name    string `json:"name,omitempty"`
	Bundle  string `json:"bundle,omitempty"`
	Control string `json:"control,omitempty"`
	// Techniques are sorted, each once, in upper case.
	Techniques []string  `json:"techniques,omitempty"`
	Host       string    `json:"host,omitempty"` // as it was written
	Started    time.Time `json:"started,omitzero"`
	Completed  time.Time `json:"completed"`
	Outcome    Outcome   `json:"outcome,omitempty"`
	Category   string    `json:"category,omitempty"`
	// Binaries are file names, Hashes SHA-256 sums of what the test ran, in lower case.
	Binaries []string `json:"binaries,omitempty"`
	Hashes   []string `json:"hashes,omitempty"`
	// Observed is when the record was observed; zero: it does not say.
	Observed time.Time `json:"observed,omitzero"`
}

// Conclusive reports whether the test ran as it was meant to.
func (e *Execution) Conclusive() bool { return e.Outcome == Protected || e.Outcome == Unprotected }

// Newer reports whether e counts in the place of another version: the one that was observed later, else the one that was
// completed later, else any, but always the same.
func (e *Execution) Newer(than *Execution) bool {
	return cmp.Or(e.Observed.Compare(than.Observed), e.Completed.Compare(than.Completed), strings.Compare(e.form(), than.form())) > 0
}

func (e *Execution) form() string {
	text, _ := json.Marshal(e) // texts and times have a form
	return string(text)
}

// outcomeOfCode is what an exit code of the public test libraries means. A part of a bundle that ends with 0 was skipped.
func outcomeOfCode(code string, part bool) Outcome {
	switch code {
	case "":
		return Unknown
	case "101":
		return Unprotected
	case "105", "126", "127":
		return Protected
	case "0":
		if part {
			return Skipped
		}
		return Inconclusive
	default:
		return Failed
	}
}

// outcomeOf is the outcome that is written, else that of the exit code.
func outcomeOf(written, code string, part bool) Outcome {
	o := Outcome(strings.ToLower(strings.TrimSpace(written)))
	if slices.Contains([]Outcome{Protected, Unprotected, Inconclusive, Skipped, Failed}, o) {
		return o
	}
	return outcomeOfCode(strings.TrimSpace(code), part)
}

// techniques brings ids to one form.
func techniques(ids []string) []string {
	all := make([]string, 0, len(ids))
	for _, id := range ids {
		if id = strings.ToUpper(strings.TrimSpace(id)); id != "" {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), maxTechniques)]
}

func lower(texts []string) []string {
	all := make([]string, 0, len(texts))
	for _, t := range texts {
		all = append(all, strings.ToLower(t))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
