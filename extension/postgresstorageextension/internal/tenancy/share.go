package tenancy

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/database"
)

// standing is how a worker stands among those that run components of a kind.
type standing struct {
	held    int // leases that it holds
	workers int // that live, this one included
	leases  int // that there are, whoever holds them
}

// fair is how many leases a worker should hold at most.
func (s standing) fair() int { return max((s.leases+s.workers-1)/s.workers, 1) }

// mayTake reports whether a worker should take one more lease, which was free for a time. One that nobody has taken for
// patience is taken by whoever asks: the others may not run that component.
func (s standing) mayTake(free, patience time.Duration) bool {
	return s.held < s.fair() || free >= patience
}

// surplus is how many leases a worker should give to others.
func (s standing) surplus() int { return max(s.held-s.fair(), 0) }

// balance is what a worker remembers to share leases with others.
type balance struct {
	asked map[string]map[string]struct{} // leases that were asked for, by kind
	free  map[string]time.Time           // since when a lease is left to others
	// taking is how many leases are being taken, by kind. Several components of a kind ask at the same time.
	taking map[string]int
	// given are leases that this worker has given away; kept are those of them that nobody took.
	given, kept map[string]struct{}
}

func newBalance() balance {
	return balance{
		asked: map[string]map[string]struct{}{}, free: map[string]time.Time{}, taking: map[string]int{},
		given: map[string]struct{}{}, kept: map[string]struct{}{},
	}
}

// ask notes that a lease is asked for.
func (b balance) ask(kind, shard string) {
	if b.asked[kind] == nil {
		b.asked[kind] = map[string]struct{}{}
	}
	b.asked[kind][shard] = struct{}{}
}

// isHeld notes that another worker holds a lease.
func (b balance) isHeld(shard string) {
	delete(b.free, shard)
	delete(b.given, shard)
}

// freeFor is how long a lease has been left to others.
func (b balance) freeFor(shard string, now time.Time) time.Duration {
	since, known := b.free[shard]
	if !known {
		b.free[shard] = now
		return 0
	}
	return now.Sub(since)
}

// took notes that this worker took a lease. One that it had given away in vain it keeps from now on.
func (b balance) took(shard string) {
	delete(b.free, shard)
	if _, was := b.given[shard]; was {
		delete(b.given, shard)
		b.kept[shard] = struct{}{}
	}
}

// standing is that of a worker which holds so many leases of a kind. Those that it asks for are known to it before
// anybody holds them.
func (b balance) standing(kind string, held int, counted database.Standing) standing {
	return standing{held: held, workers: max(counted.Workers, 1), leases: max(counted.Leases, len(b.asked[kind]))}
}

// give chooses the terms that other workers are to have: half of those that are too many, the youngest ones.
func (b balance) give(kind string, held []*Term, counted database.Standing) []*Term {
	most := (b.standing(kind, len(held), counted).surplus() + 1) / 2
	var given []*Term
	for i := len(held) - 1; i >= 0 && len(given) < most; i-- {
		shard := held[i].Shard()
		if _, stays := b.kept[shard]; stays {
			continue
		}
		b.given[shard] = struct{}{}
		given = append(given, held[i])
	}
	return given
}
