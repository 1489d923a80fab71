package detectionrateconnector

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/executionsfile"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/report"
)

const (
	// perCall is how many records are handed on at once.
	perCall = 500
	// lastRound bounds what is told at the end.
	lastRound = 5 * time.Second
)

// rounds are what is done once per interval.
type rounds struct {
	*core
	out  outlets
	file *executionsfile.File // nil: there is none

	cancel context.CancelFunc
	done   chan struct{}
}

// startRounds starts the rounds. The first one is at once: executions that are stored may be due.
func startRounds(ctx context.Context, c *core, out outlets) *rounds {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &rounds{core: c, out: out, cancel: cancel, done: make(chan struct{})}
	if c.cfg.ExecutionsFile != "" {
		r.file = executionsfile.New(c.cfg.ExecutionsFile, c.format)
	}
	go r.run(ctx)
	return r
}

func (r *rounds) run(ctx context.Context) {
	defer close(r.done)
	ticker := time.NewTicker(r.cfg.Interval)
	defer ticker.Stop()
	for {
		r.round(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// end waits for the round that is under way, and does a last one, so that what has come is told.
func (r *rounds) end(ctx context.Context) {
	if r == nil {
		return
	}
	r.cancel()
	<-r.done
	ctx, cancel := context.WithTimeout(ctx, lastRound)
	defer cancel()
	r.round(ctx)
}

func (r *rounds) round(ctx context.Context) {
	now := r.now()
	r.readFile(ctx, now)
	executions, alerts := r.book.Forget(now)
	if executions+alerts > 0 {
		r.set.Logger.Warn("There are more executions or alerts than limits allow; the oldest ones are forgotten, and the figures lack them",
			zap.Int("executions", executions), zap.Int("alerts", alerts))
	}
	r.counts.forget(ctx, executions, alerts)
	r.tell(ctx, now)
	r.giveFigures(ctx, now)
	if err := r.store.save(ctx); err != nil && ctx.Err() == nil {
		r.set.Logger.Warn("Cannot store what was told; it is tried again, and after a crash records come again with the same log.record.uid", zap.Error(err))
	}
	executions, alerts = r.book.Len()
	r.counts.know(ctx, executions, alerts)
}

// readFile takes the executions of the file. They are read again until they are stored.
func (r *rounds) readFile(ctx context.Context, now time.Time) {
	if r.file == nil {
		return
	}
	content, err := r.file.Read()
	if err != nil {
		r.set.Logger.Warn("Cannot read the executions file; it is tried again", zap.Error(err))
	}
	if content.Malformed > 0 {
		r.set.Logger.Warn("Lines of the executions file are no executions and are left out", zap.Int("lines", content.Malformed), zap.Int("first", content.Line))
	}
	seen := tally{}
	seen.add(kindExecution, outcomeMalformed, int64(content.Malformed))
	if len(content.Executions) > 0 {
		r.takeExecutions(now, content.Executions, seen)
	}
	r.counts.add(ctx, seen)
}

// tell hands on what is due. What the next consumer refuses is due still.
func (r *rounds) tell(ctx context.Context, now time.Time) {
	if r.out.logs == nil {
		return
	}
	for ids := range slices.Chunk(r.book.Due(now), perCall) {
		told := r.book.Correlations(now, ids)
		if len(told) == 0 {
			continue
		}
		if err := r.out.logs.ConsumeLogs(ctx, report.Logs(told, now, r.set.BuildInfo.Version)); err != nil {
			if ctx.Err() == nil {
				r.set.Logger.Warn("The pipeline has not taken what was told of executions; it is handed on again", zap.Error(err))
			}
			return
		}
		r.book.Told(told)
	}
}

func (r *rounds) giveFigures(ctx context.Context, now time.Time) {
	if r.out.metrics == nil {
		return
	}
	figures := report.Metrics(r.book.Figures(now), now, r.cfg.Limits.Techniques, r.set.BuildInfo.Version)
	if err := r.out.metrics.ConsumeMetrics(ctx, figures); err != nil && ctx.Err() == nil {
		r.set.Logger.Warn("The pipeline has not taken the figures of executions; the next ones follow", zap.Error(err))
	}
}
