package testbed

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// FakeTime is synthetic time on a stage: it passes at once while all goroutines of the component wait, and stands still
// while the emulator, which is outside of it, is at work. The emulator's clock follows.
type FakeTime struct {
	// Latency is that of each query, beside the CPU that the emulator says it has cost.
	Latency time.Duration
	// Scale times the CPU that the emulator says a query has cost: that of a tenant which is as many times as large.
	Scale time.Duration

	stage *Stage

	mu    sync.Mutex  // guards everything below
	calls []time.Time // of the hunting API
	busy  []Busy
	// tooLarge reports whether the answer to a query is too large; nil: none is.
	tooLarge func(kql string) bool
}

// Busy is the time that a query took on the service.
type Busy struct {
	At    time.Time
	Spent time.Duration
}

// InFakeTime runs a test in synthetic time, which begins at Epoch.
func (s *Stage) InFakeTime(t *testing.T, latency time.Duration, run func(t *testing.T, f *FakeTime)) {
	t.Helper()
	s.wire = newWire(t, s.Sim)
	synctest.Test(t, func(t *testing.T) {
		f := s.FakeTime(latency)
		time.Sleep(time.Until(Epoch))
		s.Clock.Set(time.Now())
		run(t, f)
	})
}

// FakeTime is that of one more client of the stage, in a test that runs in synthetic time.
func (s *Stage) FakeTime(latency time.Duration) *FakeTime {
	return &FakeTime{stage: s, Latency: latency, Scale: 1}
}

// Now is the local clock of a component. The emulator's follows it.
func (f *FakeTime) Now() time.Time {
	now := time.Now()
	f.stage.Clock.Set(now)
	return now
}

// Sent are the times of the calls so far.
func (f *FakeTime) Sent() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Spent is what each query so far took on the service.
func (f *FakeTime) Spent() []Busy {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.busy)
}

// TooLarge says to which queries the answer is too large; nil: to none.
func (f *FakeTime) TooLarge(tooLarge func(kql string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tooLarge = tooLarge
}
