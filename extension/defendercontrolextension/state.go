package defendercontrolextension

import "github.com/otelcol-defender/otelcol-defender/internal/control"

// stateView is a state in a word, with the name of its sign.
type stateView struct {
	Name  string // as in the API
	Label string
}

var stateLabels = map[control.State]string{
	control.Running: "Running", control.WaitingQuota: "Waits for quota", control.BackingOff: "Backing off",
	control.Refused: "Refused by the pipeline", control.Paused: "Paused", control.Disabled: "Disabled",
	control.Standby: "On another worker",
}

func stateOf(s control.State) stateView { return stateView{string(s), stateLabels[s]} }

// reasonView is why something is paused, or not all of it runs.
type reasonView struct {
	Text string
	Bad  bool // it is not what a user wants
}

// reasons say why a table is paused, and what is to be done about it.
var reasons = map[string]struct{ label, advice string }{
	control.ReasonUser: {"by a user", "It goes on where it stands when a user resumes it."},
	"failures":         {"after failures", "It tries again by itself: every 5 minutes if the cause can pass, else every hour. Resume tries at once."},
	"credentials": {"credentials refused", "Renew the secret or certificate of the app registration. One table tries once an hour, and at once " +
		"when a credential file changes; all go on together."},
	"permission": {"permission missing", "Give the app registration the permission ThreatHunting.Read.All with admin consent (Users: User.Read.All). " +
		"It is tried once an hour."},
	"not_in_plan":       {"not in the tenant's plan", "The tenant has no such table. It is looked for once a day; tables::NAME::enabled: false leaves it out."},
	"no_ingestion_time": {"no time of arrival", "Set late_arrival::mode to auto or event_time."},
}
