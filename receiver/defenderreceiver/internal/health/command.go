package health

import (
	"context"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// Pause holds the source back until Resume. A poll that is under way ends first.
func (s *Source) Pause() {
	s.mu.Lock()
	if !s.halted {
		s.halted, s.resumed = true, make(chan struct{})
	}
	s.mu.Unlock()
	s.registry.changed()
}

// Resume ends a pause, whether a user or failures have caused it: the source is polled at once.
func (s *Source) Resume() {
	s.mu.Lock()
	if s.halted {
		s.halted = false
		close(s.resumed)
	}
	s.mu.Unlock()
	s.registry.changed()
	s.Test()
}

// Test asks for a poll now, whatever the source waits for. A pause by a user goes on.
func (s *Source) Test() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Wake is where the loop of the source learns that a poll is wanted now.
func (s *Source) Wake() <-chan struct{} { return s.wake }

// Halted reports whether a user has paused the source.
func (s *Source) Halted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.halted
}

// Await returns once no user has paused the source. It is false if ctx ended first.
func (s *Source) Await(ctx context.Context) bool {
	for {
		s.mu.Lock()
		halted, resumed := s.halted, s.resumed
		s.mu.Unlock()
		if !halted {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-resumed:
		}
	}
}

// Sleep waits for the next poll, or until one is wanted now. It is false if ctx ended first.
func (s *Source) Sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.wake:
	case <-timer.C:
	}
	return ctx.Err() == nil
}

// commanded lays a user's pause over a view. mu is held.
func (s *Source) commanded(v View) View {
	if s.halted {
		v.State, v.Reason, v.NextPoll = Paused, failure.ReasonUser, time.Time{}
	}
	return v
}
