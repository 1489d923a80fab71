package delivery

import (
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"
)

var errStalled = errors.New("the pipeline has not answered a call for a minute: an exporter waits for its destination or " +
	"tries again by itself, and its own log lines say why")

// troubles tells what holds rows back: one log line for a cause, not one for a call or a table.
type troubles struct {
	logger  *zap.Logger
	waiting func(lane string, err error)

	mu    sync.Mutex // guards what follows; it is not held while others are told
	held  map[string]struct{}
	since time.Time // when the first of those in held was
}

func newTroubles(logger *zap.Logger, waiting func(string, error)) *troubles {
	return &troubles{logger: logger, waiting: waiting, held: map[string]struct{}{}}
}

// told says that rows of a lane are held. The status is the caller's.
func (t *troubles) told(lane string, err error, rows int) {
	first := t.add(lane)
	fields := []zap.Field{zap.String("table", lane), zap.Int("rows", rows), zap.Error(err)}
	if first {
		t.logger.Warn("Rows are held and offered again, because the pipeline does not take them.", fields...)
	} else {
		t.logger.Debug("Rows of another table, or the same again, are held.", fields...)
	}
}

func (t *troubles) add(lane string) (first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.held) == 0 {
		t.since, first = time.Now(), true
	}
	t.held[lane] = struct{}{}
	return first
}

// over says that the pipeline takes rows of the lane.
func (t *troubles) over(lane string) {
	since, was, last := t.remove(lane)
	if !was {
		return
	}
	t.waiting(lane, nil)
	if last {
		t.logger.Info("The pipeline takes rows again.", zap.Duration("after", time.Since(since)))
	}
}

func (t *troubles) remove(lane string) (since time.Time, was, last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, was = t.held[lane]
	delete(t.held, lane)
	return t.since, was, was && len(t.held) == 0
}

// watch tells of a call that lasts longer than that. The function that it returns ends the watch.
func (t *troubles) watch(lane string, after time.Duration) (end func()) {
	told := make(chan struct{})
	timer := time.AfterFunc(after, func() {
		defer close(told)
		t.told(lane, errStalled, 0)
		t.waiting(lane, errStalled)
	})
	return func() {
		if !timer.Stop() {
			<-told
		}
	}
}
