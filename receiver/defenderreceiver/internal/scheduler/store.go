package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// Store keeps what a receiver has spent. It is a part of storage.Client.
type Store interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Set(ctx context.Context, key string, value []byte) error
}

var errNoReserve = errors.New("the spent quota cannot be stored, so no more queries are sent")

// keeper stores what a member spends, and takes over what it spent before.
type keeper struct {
	store  Store // nil: nothing is remembered
	key    string
	logger *zap.Logger
	tenant *tenant
	member *member
	report func(Snapshot) // may be nil
}

// load takes over what an earlier life had spent.
func (k *keeper) load(data []byte) {
	defer signal(k.member.dirty)
	if data == nil {
		return
	}
	r, err := quota.Decode(data)
	if err == nil {
		k.tenant.restore(k.member, r, max(time.Now().Round(0).Sub(r.At), 0))
		return
	}
	if k.tenant.restore(k.member, hourOf(k.member.limits), 0) {
		k.logger.Warn("What was spent of the quota before cannot be read; an hour's share of it counts as spent, "+
			"and queries are sent when that hour is over.", zap.String("key", k.key), zap.Error(err))
	}
}

// hourOf is a record in which all is spent that an hour allows.
func hourOf(limits quota.Limits) quota.Record {
	most := func(limits []quota.Limit) float64 {
		amount := 0.0
		for _, limit := range limits {
			if limit.Window <= time.Hour {
				amount = max(amount, limit.Amount)
			}
		}
		return amount
	}
	return quota.Record{Reserve: quota.Cost{
		Requests: int(most(limits.Requests)),
		CPU:      time.Duration(most(limits.CPU) * float64(time.Second)),
	}}
}

// run stores and reports until ctx ends.
func (k *keeper) run(ctx context.Context) {
	retry := time.NewTimer(0)
	retry.Stop()
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.member.notify:
			if k.report != nil {
				k.report(k.tenant.snapshot(k.member))
			}
			continue
		case <-k.member.dirty:
		case <-retry.C:
		}
		if err := k.write(ctx, false); err != nil {
			retry.Reset(storeRetry)
		}
	}
}

// write stores what was spent, and a new reserve. The last record of a life has no reserve, because nothing is spent
// after it.
func (k *keeper) write(ctx context.Context, last bool) error {
	if k.store == nil {
		return nil
	}
	record, before := k.tenant.record(k.member, last)
	data, err := record.Encode()
	if err == nil {
		err = k.store.Set(context.WithoutCancel(ctx), k.key, data)
	}
	if err != nil {
		err = fmt.Errorf("%w: store %q: %w", errNoReserve, k.key, err)
	}
	k.tenant.written(k.member, record.Reserve.Requests, before, err)
	return err
}
