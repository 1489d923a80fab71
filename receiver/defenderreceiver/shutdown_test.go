package defenderreceiver

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// An exporter that hangs does not hold up the end of the process.
func TestShutdownWhilePipelineHangs(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	entered, leave := make(chan struct{}), make(chan struct{})
	s.Sink.Refuse(func(plog.Logs) error {
		entered <- struct{}{}
		<-leave
		return errors.New("stopped")
	})
	cfg := s.config(logons)
	cfg.ShutdownTimeout = 50 * time.Millisecond
	r := s.create(cfg)
	require.NoError(t, r.Start(t.Context(), s.Host()))
	<-entered
	start := time.Now()
	require.NoError(t, r.Shutdown(context.Background()))
	assert.Less(t, time.Since(start), 5*time.Second)
	close(leave)
	r.running.loops.Wait()
	s.Sink.Refuse(nil)
	s.start(cfg)
	s.delivered(5)
}

// A shutdown waits for the call that is under way, which is not cut off, makes no other, and the next start offers
// what was not offered yet.
func TestShutdownWaitsForTheCallUnderWay(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 25, epoch.Add(-time.Minute))
	entered, leave := make(chan struct{}, 3), make(chan struct{})
	s.Sink.Refuse(func(plog.Logs) error {
		entered <- struct{}{}
		<-leave
		return nil
	})
	cfg := s.config(logons)
	cfg.Batch.MaxRecords = 10
	r := s.create(cfg)
	require.NoError(t, r.Start(t.Context(), s.Host()))
	<-entered
	stopped := make(chan error)
	go func() { stopped <- r.Shutdown(context.Background()) }()
	require.Eventually(t, func() bool { return r.running.ctx.Err() != nil }, wait, time.Millisecond)
	assert.NoError(t, r.calls.ctx.Err(), "the call under way is not cut off")
	close(leave)
	require.NoError(t, <-stopped)
	assert.Equal(t, 10, s.Sink.Count(), "no other call is made")
	assert.Zero(t, s.rows(refused), "what was not offered is not refused")
	s.Sink.Refuse(nil)
	s.start(cfg)
	s.delivered(25)
	assert.Equal(t, 25, s.rows(delivered))
}

var errBad = consumererror.NewPermanent(errors.New("as the test says"))

// A refusal for good that a shutdown waits for settles nothing, for no other call shows what is refused: the rows come
// again. A call is cut off early enough for an exporter to heed it, and for the rows that it has delivered all the same
// not to come again.
func TestShutdownAndRefusalsForGood(t *testing.T) {
	for name, c := range map[string]struct {
		lasts   func(r *defenderReceiver) context.Context // the call
		within  time.Duration                             // the caller's patience
		heeding time.Duration                             // how long the call takes from then on
		err     error
		took    time.Duration
		want    int // rows that come after the restart
	}{
		"in time":        {lasts: func(r *defenderReceiver) context.Context { return r.running.ctx }, within: time.Hour, err: errBad, want: 5},
		"cut off":        {lasts: func(r *defenderReceiver) context.Context { return r.calls.ctx }, within: time.Hour, err: errBad, took: 9 * time.Second, want: 5},
		"cut off sooner": {lasts: func(r *defenderReceiver) context.Context { return r.calls.ctx }, within: time.Second, heeding: 500 * time.Millisecond, err: errBad, took: 1500 * time.Millisecond, want: 5},
		"delivered then": {lasts: func(r *defenderReceiver) context.Context { return r.calls.ctx }, within: time.Second, heeding: 500 * time.Millisecond, took: 1500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{})
			s.Plant(0, 5, epoch.Add(-5*time.Minute))
			s.inFakeTime(0, func(b *fakeTime) {
				cfg := b.config(logons)
				cfg.ShutdownTimeout = 10 * time.Second
				r := b.create(cfg)
				r.now = b.Now
				entered := make(chan struct{})
				b.Sink.Refuse(func(plog.Logs) error {
					close(entered)
					<-c.lasts(r).Done()
					time.Sleep(c.heeding)
					return c.err
				})
				require.NoError(b.t, r.Start(b.t.Context(), b.Host()))
				<-entered
				began := time.Now()
				patience, cancel := context.WithTimeout(context.Background(), c.within)
				defer cancel()
				require.NoError(b.t, r.Shutdown(patience))
				assert.Equal(b.t, c.took, time.Since(began))
				b.Sink.Refuse(nil)
				before := b.Sink.Count()
				_, stop := b.start(cfg)
				time.Sleep(time.Hour)
				stop()
				assert.Equal(b.t, before+c.want, b.Sink.Count())
			})
		})
	}
}
