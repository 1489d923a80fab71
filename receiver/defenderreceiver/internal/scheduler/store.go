package scheduler

import (
	"context"
	"fmt"
	"math"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// stored is what the storage knows of a receiver's spending, compared with what was spent.
type stored struct {
	left    int           // requests of the reserve that were not sent yet
	cpu     time.Duration // spent and not stored
	failure error         // of the last write
}

// restored is what the service's time is compared with, to find out when an earlier life has spent what it did.
type restored struct {
	at        time.Time     // when it was restored; zero if there is nothing to check
	serviceAt time.Time     // when it was stored, on the service's clock
	elapsed   time.Duration // since then, on this machine's clock

	service, local time.Time // the service's time, last known at a local time
}

// reserve is how many requests are stored ahead.
func (s *Scheduler) reserve() int {
	if s.cfg.Store == nil {
		return math.MaxInt32
	}
	requests := float64(maxReserve)
	for _, limit := range s.cfg.Limits.Requests {
		requests = min(requests, limit.Amount*reserveShare)
	}
	return max(int(requests), 1)
}

// unstoredCPU is how much CPU is spent at most before it is stored.
func (s *Scheduler) unstoredCPU() time.Duration {
	return min(s.cfg.Limits.LeastCPU(), time.Hour) / unstoredDivisor
}

func (s *Scheduler) hasReserve() bool { return s.cfg.Store == nil || s.stored.left > 0 }

// unverified reports whether another query has to wait until the service's time is known. Until then what was restored
// may be placed wrongly, because this machine's clock may have been set in between.
func (s *Scheduler) unverified() bool { return !s.restore.at.IsZero() && s.running > 0 }

func (s *Scheduler) spentRequest() {
	if s.cfg.Store == nil {
		return
	}
	if s.stored.left--; s.stored.left <= s.reserve()/renewDivisor {
		signal(s.dirty)
	}
}

func (s *Scheduler) spentCPU(cost time.Duration) {
	if s.stored.cpu += cost; s.stored.cpu >= s.unstoredCPU() {
		signal(s.dirty)
	}
}

// load takes over what an earlier life had spent. If the tenant has gone on running, its account is more exact.
func (s *Scheduler) load(data []byte) {
	t, now := s.tenant, time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	defer signal(s.dirty)
	if data == nil || t.account.Has(s.cfg.Receiver) {
		return
	}
	r, err := quota.Decode(data)
	if err != nil {
		s.cfg.Logger.Warn("What was spent of the quota before cannot be read; an hour's share of it counts as spent, "+
			"and queries are sent when that hour is over.", zap.String("key", s.cfg.Key), zap.Error(err))
		t.account.Restore(s.cfg.Receiver, s.hour(), 0, now)
		return
	}
	elapsed := max(now.Round(0).Sub(r.At), 0)
	t.account.Restore(s.cfg.Receiver, r, elapsed, now)
	t.estimates.restore(r.Expected, r.ExpectedSpare)
	if until := now.Add(r.BlockedFor - elapsed); until.After(now) && until.After(t.blockedUntil) {
		t.blockedUntil, t.blockedBy = until, r.BlockedBy
	}
	if !r.ServiceAt.IsZero() && len(r.Spent) > 0 {
		s.restore = restored{at: now, serviceAt: r.ServiceAt, elapsed: elapsed}
	}
}

// hour is a record in which all is spent that an hour allows.
func (s *Scheduler) hour() quota.Record {
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
		Requests: int(most(s.cfg.Limits.Requests)),
		CPU:      time.Duration(most(s.cfg.Limits.CPU) * float64(time.Second)),
	}}
}

// observe takes the service's time, from which follows how long ago the record was stored. mu is held.
func (s *Scheduler) observe(serviceNow time.Time) {
	if serviceNow.IsZero() {
		return
	}
	now, r := time.Now(), &s.restore
	r.service, r.local = serviceNow, now
	if r.at.IsZero() {
		return
	}
	elapsed := max(serviceNow.Sub(r.serviceAt)-now.Sub(r.at), 0) // until it was restored
	if by := r.elapsed - elapsed; by.Abs() > clockTolerance {
		s.tenant.account.Shift(s.cfg.Receiver, r.at, by, now)
	}
	r.at = time.Time{}
}

// keep stores and reports until ctx ends.
func (s *Scheduler) keep(ctx context.Context) {
	retry := time.NewTimer(0)
	retry.Stop()
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.notify:
			s.report()
			continue
		case <-s.dirty:
		case <-retry.C:
		}
		if err := s.store(ctx, false); err != nil {
			retry.Reset(storeRetry)
		}
	}
}

func (s *Scheduler) report() {
	if s.cfg.Report != nil {
		s.cfg.Report(s.Snapshot())
	}
}

// store writes what was spent, and a new reserve. The last record of a life has no reserve, because nothing is spent
// after it.
func (s *Scheduler) store(ctx context.Context, last bool) error {
	if s.cfg.Store == nil {
		return nil
	}
	record, before := s.record(last)
	data, err := record.Encode()
	if err == nil {
		err = s.cfg.Store.Set(context.WithoutCancel(ctx), s.cfg.Key, data)
	}
	if err != nil {
		err = fmt.Errorf("%w: store %q: %w", errNoReserve, s.cfg.Key, err)
	}
	t := s.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	if (s.stored.failure == nil) != (err == nil) {
		signal(s.notify)
	}
	s.stored.failure = err
	if err != nil {
		return err
	}
	// What was spent while the record was written came out of the old reserve and counts against the new.
	s.stored.left += record.Reserve.Requests - before.left
	s.stored.cpu -= before.cpu
	t.dispatch()
	return nil
}

// record is what is stored, and what the storage knew before.
func (s *Scheduler) record(last bool) (quota.Record, stored) {
	t, now := s.tenant, time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	record := t.account.Record(s.cfg.Receiver, now)
	record.Expected, record.ExpectedSpare = t.estimates.highest(false), t.estimates.highest(true)
	if !last {
		record.Reserve = quota.Cost{Requests: s.reserve(), CPU: s.unstoredCPU() + s.estimate}
	}
	if r := s.restore; !r.local.IsZero() {
		record.ServiceAt = r.service.Add(now.Sub(r.local))
	}
	if t.blockedUntil.After(now) {
		record.BlockedFor, record.BlockedBy = t.blockedUntil.Sub(now), t.blockedBy
	}
	return record, s.stored
}
