package defendercontrolextension

import (
	"fmt"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
)

// find notes the storage extensions that know which worker runs which receiver.
func (r *registry) find(host component.Host) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, extension := range host.GetExtensions() {
		if lessor, ok := extension.(control.Lessor); ok {
			r.lessors = append(r.lessors, lessor)
		}
	}
}

// leases are those of the receivers of this configuration, by id.
func (r *registry) leases() map[string]control.Lease {
	r.mu.Lock()
	lessors := r.lessors
	r.mu.Unlock()
	leases := map[string]control.Lease{}
	for _, lessor := range lessors {
		for _, lease := range lessor.Leases() {
			leases[lease.Receiver] = lease
		}
	}
	return leases
}

// take takes a receiver's lease out of all; nil: there is none.
func take(leases map[string]control.Lease, id string) *control.Lease {
	lease, ok := leases[id]
	if !ok {
		return nil
	}
	delete(leases, id)
	return &lease
}

// standby is a receiver that does not run here.
func standby(id string, lease control.Lease) control.ReceiverStatus {
	return control.ReceiverStatus{
		ID: id, State: control.Standby, Troubles: []string{}, Tables: []control.Table{}, Quota: control.Quota{Windows: []control.Window{}}, Lease: &lease,
	}
}

// missing is why a receiver cannot be commanded here.
func (r *registry) missing(id string) error {
	lease, ok := r.leases()[id]
	switch {
	case !ok:
		return errNoReceiver
	case lease.Worker == "" || lease.Here:
		return fmt.Errorf("no worker runs %s at this moment, which will not last: %w", id, errElsewhere)
	default:
		return fmt.Errorf("worker %s runs %s: ask its status page: %w", lease.Worker, id, errElsewhere)
	}
}

// workerTaker is a report that says which worker runs the receiver.
type workerTaker interface{ SetWorker(name string) }
