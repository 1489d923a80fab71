package health

import (
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// State is what a source does.
type State string

// The states.
const (
	Running      State = "running"
	WaitingQuota State = "waiting_quota" // the quota is used up, or the service throttles
	BackingOff   State = "backing_off"   // after a failure
	Refused      State = "refused"       // the pipeline takes nothing, or what was delivered cannot be stored
	Paused       State = "paused"
)

// Trouble is why a source does not run.
type Trouble struct {
	Err error
	// key is equal for troubles that tell an operator the same.
	key string
}

// Source is one lane of one table.
type Source struct {
	// Name is the table, with the lane behind a slash where it is not the live one.
	Name string
	// Table is the table alone.
	Table string

	// Commands is what a user wants of it.
	Commands *Commands

	registry *Registry

	// mu guards everything below.
	mu   sync.Mutex
	view View
	key  string // of view.Err
	rate rate   // of delivered rows
}

// View is a copy of what can be seen of a source.
type View struct {
	Name, Table string
	State       State
	Reason      failure.Reason // why it is paused
	Err         error          // why it does not run; nil while it does
	Failures    int            // in a row
	LastPoll    time.Time      // when a poll ended last; zero: never
	NextPoll    time.Time      // when the next one begins; zero: at once, or it is not known while the source is paused
	// CompleteUntil is the service's time up to which the table is complete. Before the first answer it is where
	// reading will begin, on this machine's clock.
	CompleteUntil time.Time
	Progressed    time.Time // when it last moved, on this machine's clock
	Unreadable    int       // ranges that are passed over and tried again
	Interval      time.Duration
	RowsRead      int // delivered, duplicate or refused, sooner or later
	RowsDelivered int
	RowsRefused   int // for good
	History       History
}

// Progress says that the source is complete up to a time.
func (s *Source) Progress(completeUntil time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.view.CompleteUntil.Equal(completeUntil) {
		s.view.CompleteUntil, s.view.Progressed = completeUntil, time.Now()
	}
}

// Read counts rows that were read; a negative number takes back what has no outcome.
func (s *Source) Read(rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.RowsRead += rows
}

// Deliver counts rows by what became of them.
func (s *Source) Deliver(delivered, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.RowsDelivered += delivered
	s.view.RowsRefused += refused
	s.rate.add(time.Now(), delivered)
}

// RowsPerMinute are the rows that were delivered in each of the last 60 minutes, the present one last.
func (s *Source) RowsPerMinute() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rate.perMinute(time.Now())
}

// SetUnreadable says how many ranges are passed over.
func (s *Source) SetUnreadable(ranges int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.Unreadable = ranges
}

// SetInterval says how often the source is polled.
func (s *Source) SetInterval(interval time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.Interval = interval
}

// SetHistory says how far history was read.
func (s *Source) SetHistory(h History) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.History = h
}

// Note sets an attribute of the status about this source, which is no trouble.
func (s *Source) Note(what, text string) { s.registry.Note(what+"."+s.Name, text) }

// Report says what trouble a part of the source has that does not stop it, e.g. its audit; nil: none.
func (s *Source) Report(what string, err error) { s.registry.SetCommon(what+"."+s.Name, err) }

// Succeed says that a poll succeeded. It returns the trouble that this has ended, and whether another source still
// has it.
func (s *Source) Succeed(next time.Time) (ended Trouble, shared bool) {
	s.mu.Lock()
	ended = Trouble{s.view.Err, s.key}
	s.view.State, s.view.Reason, s.view.Err, s.view.Failures, s.key = Running, failure.None, nil, 0, ""
	s.view.LastPoll, s.view.NextPoll = time.Now(), next
	s.mu.Unlock()
	if ended.Err == nil {
		return ended, false
	}
	s.registry.changed()
	return ended, s.registry.has(s, ended.key)
}

// Fail says that a poll failed, and what becomes of the source. It reports whether that is news: no source of the
// receiver had this trouble in this state. One that backs off brings no news of what others are paused for.
func (s *Source) Fail(err error, state State, reason failure.Reason, failures int, next time.Time) bool {
	cause := failure.Key(err)
	key := keyOf(state, reason, cause)
	s.registry.telling.Lock()
	defer s.registry.telling.Unlock()
	news := !s.registry.has(nil, key) && (state != BackingOff || !s.registry.isPausedFor(cause))
	s.mu.Lock()
	s.view.State, s.view.Reason, s.view.Err, s.view.Failures, s.key = state, reason, err, failures, key
	s.view.LastPoll, s.view.NextPoll = time.Now(), next
	s.mu.Unlock()
	s.registry.changed()
	return news
}

// Hold says that the pipeline does not take rows at present, nil that it does again. It reports whether that is news
// for the receiver.
func (s *Source) Hold(err error) bool {
	key := ""
	if err != nil {
		key = keyOf(Refused, failure.None, failure.Key(err))
	}
	s.registry.telling.Lock()
	defer s.registry.telling.Unlock()
	news := err != nil && !s.registry.has(nil, key)
	s.mu.Lock()
	same := s.key == key || err == nil && s.view.State != Refused
	if !same {
		s.view.State, s.view.Err, s.key = Running, err, key
		if err != nil {
			s.view.State = Refused
		}
	}
	s.mu.Unlock()
	if !same {
		s.registry.changed()
	}
	return news
}

// View is the present state.
func (s *Source) View() View {
	s.mu.Lock()
	v := s.view
	s.mu.Unlock()
	v.Name, v.Table = s.Name, s.Table
	if s.Commands.Halted() {
		v.State, v.Reason, v.NextPoll = Paused, failure.ReasonUser, time.Time{}
	}
	return s.registry.over(s, v)
}

// keyOf tells troubles apart.
func keyOf(state State, reason failure.Reason, cause string) string {
	return string(state) + string(reason) + cause
}

// isPausedFor reports whether the source itself is paused for a cause, whatever the reason is called.
func (s *Source) isPausedFor(cause string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.State == Paused && s.key == keyOf(Paused, s.view.Reason, cause)
}

// trouble is what the source itself has.
func (s *Source) trouble() Trouble {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Trouble{s.view.Err, s.key}
}
