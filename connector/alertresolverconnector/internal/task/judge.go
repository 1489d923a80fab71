package task

// What the connector writes. The names are those of Graph's metadata.
const (
	StatusNew      = "new"
	StatusResolved = "resolved"
	Classification = "informationalExpectedActivity"
	Determination  = "securityTesting"
)

// State is what was read of an alert.
type State struct {
	Status, AssignedTo, Classification, Determination string
	// Comments are their texts.
	Comments []string
}

// Verdict is what is to be done with an alert.
type Verdict uint8

// The verdicts.
const (
	LeaveAlone Verdict = iota
	Resolve
	// Finished: the alert was resolved by an earlier try, whose end is not known.
	Finished
)

// Judge decides. begun: an earlier try was about to resolve the alert. why is empty unless the alert is left alone.
func Judge(s State, begun bool) (v Verdict, why string) {
	switch {
	case begun && s.Status == StatusResolved && s.Classification == Classification && s.Determination == Determination:
		return Finished, ""
	case s.Status != StatusNew:
		return LeaveAlone, "its status is not new"
	case s.AssignedTo != "":
		return LeaveAlone, "it is assigned to somebody"
	case isSet(s.Classification) || isSet(s.Determination):
		return LeaveAlone, "somebody has classified it"
	case len(s.Comments) > 0:
		return LeaveAlone, "somebody has commented on it"
	default:
		return Resolve, ""
	}
}

// isSet: older alerts say unknown in the place of nothing.
func isSet(value string) bool { return value != "" && value != "unknown" }
