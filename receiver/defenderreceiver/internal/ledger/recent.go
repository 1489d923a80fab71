package ledger

import (
	"context"
	"maps"

	"github.com/google/uuid"
)

// recent are the ids of delivered and refused rows in memory, by bin.
type recent map[Bin]*idSet

func (r recent) remember(bin Bin, ids ...uuid.UUID) {
	known := r[bin]
	if known == nil {
		known = &idSet{}
		r[bin] = known
	}
	for _, id := range ids {
		known.add(id)
	}
}

func (r recent) has(bin Bin, id uuid.UUID) bool {
	known := r[bin]
	return known != nil && known.has(id)
}

// forget drops the bins before one.
func (r recent) forget(oldest Bin) {
	maps.DeleteFunc(r, func(bin Bin, _ *idSet) bool { return bin < oldest })
}

// shelf is where a lane is stored.
type shelf struct {
	keeper *Keeper // nil: nothing is stored
	lane   string  // its name in the storage
}

// load loads the ids of a bin.
func (s shelf) load(ctx context.Context, bin Bin, into recent) error {
	ids, err := s.keeper.bin(ctx, s.lane, bin)
	if err != nil {
		return err
	}
	into.remember(bin, ids...)
	return nil
}

// collect adds the rows of a bin, and whether they were refused.
func (s shelf) collect(ctx context.Context, bin Bin, entry Entry, rows map[uuid.UUID]bool) error {
	ids, err := s.keeper.bin(ctx, s.lane, bin)
	if err != nil {
		return err
	}
	for _, id := range ids {
		rows[id] = false
	}
	if entry.Refused == 0 {
		return nil
	}
	ids, err = s.keeper.refused(ctx, s.lane, bin)
	for _, id := range ids {
		rows[id] = true
	}
	return err
}
