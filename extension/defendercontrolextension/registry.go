package defendercontrolextension

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/internal/version"
)

// registry holds what is shown.
type registry struct {
	mu         sync.Mutex // guards everything below
	receivers  []*control.Receiver
	processors []*control.Processor
	resolvers  []*control.Resolver
	lessors    []control.Lessor
}

var (
	_ control.Registrar         = (*registry)(nil)
	_ control.ResolverRegistrar = (*registry)(nil)
)

// Register implements control.Registrar.
func (r *registry) Register(receiver control.Receiver) func() {
	return enter(&r.mu, &r.receivers, &receiver)
}

// RegisterProcessor implements control.Registrar.
func (r *registry) RegisterProcessor(processor control.Processor) func() {
	return enter(&r.mu, &r.processors, &processor)
}

// RegisterResolver implements control.ResolverRegistrar.
func (r *registry) RegisterResolver(resolver control.Resolver) func() {
	return enter(&r.mu, &r.resolvers, &resolver)
}

// enter adds an entry to a list until the returned function is called.
func enter[T any](mu *sync.Mutex, list *[]*T, entry *T) func() {
	mu.Lock()
	defer mu.Unlock()
	*list = append(*list, entry)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		*list = slices.DeleteFunc(*list, func(other *T) bool { return other == entry })
	}
}

// status asks all that is shown, in the order of ids.
func (r *registry) status() control.Status {
	s := control.Status{
		Version: version.Number, Time: time.Now().UTC(), Receivers: []control.ReceiverStatus{}, Processors: []control.ProcessorStatus{},
		Resolvers: []control.ResolverStatus{},
	}
	r.mu.Lock()
	receivers, processors, resolvers := slices.Clone(r.receivers), slices.Clone(r.processors), slices.Clone(r.resolvers)
	r.mu.Unlock()
	leases := r.leases()
	for _, receiver := range receivers {
		status := (*receiver).Status()
		status.Lease = take(leases, status.ID)
		_, status.CanTest = (*receiver).(control.Tester)
		_, status.CanReport = (*receiver).(control.Reporter)
		s.Receivers = append(s.Receivers, status)
	}
	for id, lease := range leases {
		s.Receivers = append(s.Receivers, standby(id, lease))
	}
	for _, processor := range processors {
		s.Processors = append(s.Processors, (*processor).Status())
	}
	for _, resolver := range resolvers {
		s.Resolvers = append(s.Resolvers, (*resolver).Status())
	}
	slices.SortFunc(s.Receivers, func(a, b control.ReceiverStatus) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Processors, func(a, b control.ProcessorStatus) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Resolvers, func(a, b control.ResolverStatus) int { return cmp.Compare(a.ID, b.ID) })
	return s
}

// receiver finds one by its id.
func (r *registry) receiver(id string) (control.Receiver, bool) {
	r.mu.Lock()
	receivers := slices.Clone(r.receivers)
	r.mu.Unlock()
	for _, receiver := range receivers {
		if (*receiver).Status().ID == id {
			return *receiver, true
		}
	}
	return nil, false
}

// resolver finds one by its id.
func (r *registry) resolver(id string) (control.Resolver, bool) {
	r.mu.Lock()
	resolvers := slices.Clone(r.resolvers)
	r.mu.Unlock()
	for _, resolver := range resolvers {
		if (*resolver).Status().ID == id {
			return *resolver, true
		}
	}
	return nil, false
}

// addDrops puts into a report what processors dropped of the day's rows.
func (r *registry) addDrops(to dropsTaker, day proof.Day) {
	r.mu.Lock()
	processors := slices.Clone(r.processors)
	r.mu.Unlock()
	for _, processor := range processors {
		if d, counts := (*processor).(dropper); counts {
			to.AddDrops((*processor).Status().ID, d.Dropped(day))
		}
	}
}

// dropper is a processor that knows what it dropped of a day's rows.
type dropper interface {
	Dropped(day proof.Day) proof.Drops
}

// dropsTaker is a report that says what was dropped.
type dropsTaker interface {
	AddDrops(processor string, d proof.Drops)
}
