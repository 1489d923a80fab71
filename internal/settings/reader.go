package settings

import "go.opentelemetry.io/collector/confmap"

// reader compares what is written with the fields that it is for.
type reader struct {
	written *Written
	paths   []string       // of all settings
	edits   map[string]any // by path: what the decoder gets instead; dropped for nothing
}

// dropped stands for what the decoder must not see.
var dropped = struct{}{}

// refuse notes a problem and keeps the value from the decoder.
func (r *reader) refuse(at place, text string) {
	r.written.problems = append(r.written.problems, Problem{Key: at.path, Text: text})
	r.edits[at.path] = dropped
}

// place is where a value stands.
type place struct {
	path   string // from the component's settings on
	parent *confmap.Conf
	field
}
