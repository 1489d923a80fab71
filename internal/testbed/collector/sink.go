package collector

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Sink is a pipeline that accepts all records, unless it is told otherwise.
type Sink struct {
	mu       sync.Mutex // guards everything below
	accepted []Record
	refuse   func(plog.Logs) error
}

var _ consumer.Logs = (*Sink)(nil)

// Refuse lets the pipeline ask a function which calls it refuses; nil: it refuses none.
func (s *Sink) Refuse(refuse func(plog.Logs) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

// Capabilities says that the pipeline may change what it gets.
func (*Sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

// ConsumeLogs accepts or refuses a call.
func (s *Sink) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	s.mu.Lock()
	refuse := s.refuse
	s.mu.Unlock()
	if refuse != nil {
		if err := refuse(logs); err != nil {
			// A pipeline may have changed what it then refuses.
			logs.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true })
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = append(s.accepted, Records(logs)...)
	return nil
}

// Records are those that were accepted, in the order of their coming.
func (s *Sink) Records() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// Count is the number of records that were accepted.
func (s *Sink) Count() int { return len(s.Records()) }

// Exactly demands that n records were accepted, and none twice.
func (s *Sink) Exactly(tb testing.TB, n int) {
	tb.Helper()
	uids := map[string]int{}
	for _, r := range s.Records() {
		uids[r.UID]++
	}
	for uid, times := range uids {
		assert.Equal(tb, 1, times, "%s was delivered %d times", uid, times)
	}
	require.Equal(tb, n, s.Count())
}
