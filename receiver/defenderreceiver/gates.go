package defenderreceiver

import "github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"

// gates hold sources back while their credentials are refused. apart is the gate of sources whose permission and limits
// are their own, shared that of all others.
type gates struct {
	shared, apart *failure.Gate
}

func newGates() gates { return gates{failure.NewGate(), failure.NewGate()} }

// credentialsChanged lets the loops try again that wait for new credentials.
func (g gates) credentialsChanged() {
	g.shared.CredentialsChanged()
	g.apart.CredentialsChanged()
}
