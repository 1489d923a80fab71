package delivery

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-defender/otelcol-defender/internal/reach"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const (
	// largeRow is the size from which on a row travels in a call of its own. A smaller one fits into a message of
	// 1,000,000 bytes, even if an event holds all of it twice and each of its bytes is written as six.
	largeRow = 64 << 10
	// largeRows is how many calls' worth of bytes a batch holds at most, large rows included.
	largeRows = 8
	// stalledAfter is how long a call may last before it is told.
	stalledAfter = time.Minute
	// earlyRounds is how often a pause ends early, because something of another table was accepted, before a table of
	// which nothing is accepted waits whole pauses.
	earlyRounds = 5
	// maxKnown bounds the suspects that are remembered of a table's last batch.
	maxKnown = 1000
)

// Outcome is what became of a row.
type Outcome uint8

const (
	// Held rows were not accepted, and not refused for good: they are read again.
	Held Outcome = iota
	// Delivered rows were accepted by the pipeline.
	Delivered
	// Refused rows were refused for good, while others were accepted.
	Refused
)

// Result is what became of a batch, row by row.
type Result struct {
	Rows     []Row
	Outcomes []Outcome
}

// Count is the number of rows with an outcome.
func (r Result) Count(outcome Outcome) int {
	n := 0
	for _, o := range r.Outcomes {
		if o == outcome {
			n++
		}
	}
	return n
}

// Settings are a Deliverer's surroundings.
type Settings struct {
	Next consumer.Logs
	// Calls is the context of all calls. It outlives that of the loops, because a call that is cut off may have
	// delivered its rows all the same, to one of several exporters at least.
	Calls       context.Context //nolint:containedctx // see above: it is no caller's
	ObsReport   *receiverhelper.ObsReport
	Retry       configretry.BackOffConfig
	DeadLetters *DeadLetters // nil: refused rows are not kept
	Logger      *zap.Logger
	// Waiting is told why rows of a table and lane are held, and with nil that they no longer are.
	Waiting func(lane string, err error)
	// Letters counts refused rows that were written to the dead letters, and those that could not be.
	Letters func(table string, written bool)
}

// Deliverer hands the rows of all tables to the pipeline.
type Deliverer struct {
	Settings

	accepted *acceptances
	mood     mood
	troubles *troubles

	mu     sync.Mutex                         // guards what follows
	known  map[string]map[uuid.UUID][]refusal // by lane: rows that were refused on their own and are held
	large  map[string]int                     // by table: the size from which on rows travel alone, once it was learned
	counts map[string]Refusals                // by table
}

// Refusals are the refused rows of a table since the start.
type Refusals struct {
	Kept int // in the dead letters
	Lost int // without dead letters
}

// New makes a Deliverer.
func New(s Settings) *Deliverer {
	// What the pipeline refuses is no fault of this program, so its logs carry no stack.
	s.Logger = s.Logger.WithOptions(zap.AddStacktrace(zapcore.FatalLevel))
	return &Deliverer{
		Settings: s, accepted: newAcceptances(), troubles: newTroubles(s.Logger, s.Waiting),
		known: map[string]map[uuid.UUID][]refusal{}, large: map[string]int{}, counts: map[string]Refusals{},
	}
}

// Refusals are the rows of a table that were refused for good.
func (d *Deliverer) Refusals(table string) Refusals {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts[table]
}

// Deliver empties the batch and returns what became of its rows. It returns once each is delivered or refused; until
// then it offers them again with growing pauses, because the page is held anyway. A batch that is not full, or of which
// only rows are left that were refused on their own, is given up after patience, if it is refused for good and nothing
// else shows whether the rows are to blame: with the rows that come after them it will.
//
// When ctx ends, the call that is under way is waited for, and no other is made. Errors are that of ctx, that of
// Settings.Calls, and those that are an ErrRefused.
func (d *Deliverer) Deliver(ctx context.Context, b *Batch, patience time.Duration) (Result, error) {
	if b.Len() == 0 {
		return Result{}, nil
	}
	full := b.Full()
	r := &run{Deliverer: d, batch: b.take(), start: time.Now(), pause: NewBackOff(d.Retry)}
	r.outcomes = make([]Outcome, r.batch.Len())
	r.full, r.patience = full, patience
	r.plan = newPlan(d.cut(r.batch))
	err := r.deliver(ctx)
	r.remember()
	if err == nil {
		d.troubles.over(r.batch.id())
	}
	return Result{Rows: r.batch.rows, Outcomes: r.outcomes}, err
}

// cut makes the calls of a batch: bounded in bytes, large rows and those that were refused before alone.
func (d *Deliverer) cut(b *Batch) []span {
	d.mu.Lock()
	defer d.mu.Unlock()
	large, known := largeRow, d.known[b.id()]
	if learned, ok := d.large[b.table.Name]; ok {
		large = learned
	}
	var spans []span
	bytes, open := 0, false
	for i, r := range b.rows {
		refusals, suspect := known[r.UID]
		alone := suspect || b.sizes[i] >= large
		if !alone && open && bytes < b.limits.Bytes {
			spans[len(spans)-1].to++
			bytes += b.sizes[i]
			continue
		}
		s := span{from: i, to: i + 1, suspect: suspect}
		for _, old := range refusals {
			old.blame = &blame{left: 1}
			s.refusals = append(s.refusals, old)
		}
		spans = append(spans, s)
		bytes, open = b.sizes[i], !alone
	}
	delete(d.known, b.id())
	return spans
}

// run is the delivery of one batch.
type run struct {
	*Deliverer

	batch    *Batch
	plan     *plan
	outcomes []Outcome
	start    time.Time
	pause    *backoff.ExponentialBackOff
	full     bool
	patience time.Duration // zero: without end
	held     time.Time     // since when nothing was accepted; zero: nothing is held
	early    int           // pauses that ended early
	last     answer        // the last refusal
}

func (r *run) deliver(ctx context.Context) error {
	for len(r.plan.spans) > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		now, others, _ := r.look()
		i := r.plan.next(now, others)
		if i < 0 {
			if err := r.hold(ctx); err != nil {
				return err
			}
			continue
		}
		if err := r.offer(ctx, i, now); err != nil {
			return err
		}
	}
	return nil
}

// look returns what was accepted so far, and whether other tables count. They do for a few rows, and for as many as are
// refused for their size: that is no matter of permission, and a table may have large rows only.
func (r *run) look() (now seen, others bool, changed <-chan struct{}) {
	now, others, changed = r.Deliverer.accepted.look(r.batch.table.Name, r.plan.pending())
	return now, others || r.last.forGood && r.last.tooLarge, changed
}

// offer makes one call and takes down what came of it.
func (r *run) offer(ctx context.Context, i int, before seen) error {
	s := r.plan.spans[i]
	reached, err := r.consume(s) //nolint:contextcheck // a call outlives ctx
	switch {
	case err == nil:
		r.take(r.plan.accepted(i, reached), reached)
		return nil
	case r.Calls.Err() != nil:
		// Even if it says for good: exporters say that too of calls that were cut off.
		return r.Calls.Err()
	}
	r.last = newAnswer(err)
	if r.takePart(i, failedRows(err)) {
		return nil
	}
	if !r.last.forGood {
		if r.last.tooLarge && s.len() == 1 {
			r.learn(s.from)
		}
		r.plan.refusedForNow(i, r.last.tooLarge)
		return nil
	}
	after, others, _ := r.look()
	r.plan.refusedForGood(i, before, after, r.last.tooLarge)
	if s.len() == 1 && (isCertain(err) || r.plan.judge(i, refusalsNeeded(err), others, &r.mood)) {
		return r.refuse(ctx, i)
	}
	return nil
}

// take takes down that a call was accepted.
func (r *run) take(s span, reached bool) {
	for row := s.from; row < s.to; row++ {
		r.outcomes[row] = Delivered
	}
	if !reached {
		return
	}
	r.accept()
	r.pause.Reset()
	r.held, r.early = time.Time{}, 0
	r.troubles.over(r.batch.id())
}

// takePart takes down that a call was accepted but for some rows. It reports false if that is not known.
func (r *run) takePart(i int, failed map[string]bool) bool {
	s, known := r.plan.spans[i], 0
	isFailed := func(row int) bool { return failed[r.batch.rows[row].UID.String()] }
	for row := s.from; row < s.to; row++ {
		if isFailed(row) {
			known++
		}
	}
	if known == 0 || known == s.len() {
		return false
	}
	for _, row := range r.plan.keep(i, isFailed) {
		r.outcomes[row] = Delivered
	}
	r.accept()
	return true
}

// accept takes down that the destination accepted a call, and which refusals that has shown to be no row's fault.
func (r *run) accept() {
	r.Deliverer.accepted.accepted(r.batch.table.Name, r.batch.table.Kind != tables.Directory)
	r.mood.add(1, r.plan.innocent)
	r.plan.innocent = 0
}

// consume makes one call. reached: it says something about the destination. A pipeline that changes what it gets is
// given a copy, so that a second try sends the same.
func (r *run) consume(s span) (reached bool, err error) {
	logs := r.batch.logs
	if s.len() < r.batch.Len() || r.Next.Capabilities().MutatesData {
		logs = r.batch.part(s)
	}
	defer r.troubles.watch(r.batch.id(), stalledAfter)()
	ctx, count := reach.Watch(r.Calls)
	ctx = r.ObsReport.StartLogsOp(ctx)
	err = r.Next.ConsumeLogs(ctx, logs)
	r.ObsReport.EndLogsOp(ctx, "defender", s.len(), err)
	return count.Reached(), err
}

// hold pauses before the next round. It returns an error when the batch is given up.
func (r *run) hold(ctx context.Context) error {
	if r.held.IsZero() {
		r.held = time.Now()
	}
	err := r.trouble()
	pause := r.pause.NextBackOff()
	switch left := r.patience - time.Since(r.held); {
	case !r.Retry.Enabled, r.Retry.MaxElapsedTime > 0 && time.Since(r.start) > r.Retry.MaxElapsedTime:
		r.troubles.told(r.batch.id(), err, r.batch.Len())
		return err
	case !r.last.forGood || r.patience == 0 || r.full && !r.plan.onlySuspects():
	case left <= 0:
		r.troubles.told(r.batch.id(), err, r.batch.Len())
		return err
	default:
		pause = min(pause, left)
	}
	r.troubles.told(r.batch.id(), err, r.batch.Len())
	r.Waiting(r.batch.id(), err)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		now, others, changed := r.look()
		for _, s := range r.plan.spans {
			if s.asksAgain(now, others) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			r.plan.again()
			return nil
		case <-changed:
			if r.last.forGood && r.early < earlyRounds {
				r.early++
				r.plan.again()
				return nil
			}
		}
	}
}

// trouble is why the batch is held. A single row is named.
func (r *run) trouble() error {
	kind := ErrRefused
	if r.last.forGood {
		kind = ErrDestination
	}
	if r.plan.pending() > 1 {
		return fmt.Errorf("%w: %w", kind, r.last.err)
	}
	row := r.plan.spans[0].from
	if r.last.forGood {
		kind = fmt.Errorf("%w: it cannot be told yet whether that is for what the row is", ErrRefused)
	}
	return fmt.Errorf("%w: row %s of %d bytes: %w", kind, r.batch.rows[row].UID, r.batch.sizes[row], r.last.err)
}

// refuse settles a single row that is refused for what it is.
func (r *run) refuse(ctx context.Context, i int) error {
	s := r.plan.spans[i]
	name, row, size := r.batch.table.Name, r.batch.rows[s.from], r.batch.sizes[s.from]
	if err := r.keep(ctx, s); err != nil {
		return err
	}
	fields := []zap.Field{zap.String("table", name), zap.Stringer("uid", row.UID), zap.Int("bytes", size), zap.Error(r.last.err)}
	if r.DeadLetters != nil {
		r.Logger.Error("The pipeline refused a row for good while it took others; the row is in the dead letters.", fields...)
	} else {
		// With its id each message is another one, so that the Collector's log leaves out none as a repetition.
		r.Logger.Error(fmt.Sprintf("The pipeline refused the row %s for good while it took others; the row is passed over, and not "+
			"kept, because 'dead_letter::directory' is not set.", row.UID), fields...)
	}
	if r.last.tooLarge {
		r.learn(s.from)
	}
	r.plan.refused(i)
	r.outcomes[s.from] = Refused
	r.Deliverer.accepted.refuse(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := r.counts[name]
	if r.DeadLetters != nil {
		counts.Kept++
	} else {
		counts.Lost++
	}
	r.counts[name] = counts
	return nil
}

// learn takes down that a row is refused for its size. One that is nearly as large is likely to be refused too, and
// would take its neighbours with it.
func (r *run) learn(row int) {
	name, size := r.batch.table.Name, r.batch.sizes[row]
	r.mu.Lock()
	defer r.mu.Unlock()
	learned := min(size-size/4, largeRow)
	if large, ok := r.large[name]; !ok || learned < large {
		r.large[name] = learned
	}
}

// keep writes a refused row to the dead letters. Until that is done the page is held: a full disk
// must not turn a refusal into a loss.
func (r *run) keep(ctx context.Context, s span) error {
	if r.DeadLetters == nil {
		return nil
	}
	pause := NewBackOff(r.Retry)
	logs := r.batch.part(s)
	for failures := 0; ; failures++ {
		err := r.DeadLetters.add(r.batch.table.Name, logs)
		if err == nil {
			r.Letters(r.batch.table.Name, true)
			if failures > 0 {
				r.Waiting(r.batch.id(), nil)
				r.Logger.Info("Refused rows can be kept again.", zap.String("table", r.batch.id()))
			}
			return nil
		}
		r.Waiting(r.batch.id(), err)
		if failures == 0 {
			r.Letters(r.batch.table.Name, false)
			r.Logger.Error("A refused row cannot be kept in the dead letters; the table waits.", zap.String("table", r.batch.id()), zap.Error(err))
		}
		if !Sleep(ctx, pause.NextBackOff()) {
			return ctx.Err()
		}
	}
}

// remember keeps what is known of suspects for the batch that brings them again.
func (r *run) remember() {
	known := map[uuid.UUID][]refusal{}
	for _, s := range r.plan.spans {
		if !s.suspect || len(known) == maxKnown {
			continue
		}
		for _, old := range s.refusals {
			if old.blame.left == 1 {
				uid := r.batch.rows[s.from].UID
				known[uid] = append(known[uid], old)
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(known) > 0 {
		r.known[r.batch.id()] = known
	}
}

// NewBackOff makes the growing pauses of retry_on_failure.
func NewBackOff(c configretry.BackOffConfig) *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval:     c.InitialInterval,
		RandomizationFactor: c.RandomizationFactor,
		Multiplier:          c.Multiplier,
		MaxInterval:         c.MaxInterval,
	}
}

// Sleep returns false if ctx ended first.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
