package health

import (
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// Source is one lane of one table.
type Source struct {
	// Name is the table, with the lane behind a slash where it is not the live one.
	Name string
	// Table is the table alone.
	Table string

	// Commands is what a user wants of it.
	Commands *Commands

	board *board
	entry *entry // on the board

	// mu guards everything below.
	mu   sync.Mutex
	work Work
	rate rate // of delivered rows
}

// View is a copy of what can be seen of a source.
type View struct {
	Name, Table string
	Condition
	Work
}

// Work is what a source has done.
type Work struct {
	// CompleteUntil is the service's time up to which the table is complete. Before the first answer it is where
	// reading will begin, on this machine's clock.
	CompleteUntil time.Time
	Progressed    time.Time // when it last moved, on this machine's clock
	Unreadable    int       // ranges that are passed over and tried again
	Interval      time.Duration
	Rows          Rows
	History       History
}

// Rows are those of a source by what became of them.
type Rows struct {
	Read      int // delivered, duplicate or refused, sooner or later
	Delivered int
	Refused   int // for good
}

func newSource(name, table string, b *board, apart bool) *Source {
	return &Source{Name: name, Table: table, Commands: newCommands(b.changed), board: b, entry: b.add(name, apart)}
}

// Progress says that the source is complete up to a time.
func (s *Source) Progress(completeUntil time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.work.CompleteUntil.Equal(completeUntil) {
		s.work.CompleteUntil, s.work.Progressed = completeUntil, time.Now()
	}
}

// Read counts rows that were read; a negative number takes back what has no outcome.
func (s *Source) Read(rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work.Rows.Read += rows
}

// Deliver counts rows by what became of them.
func (s *Source) Deliver(delivered, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work.Rows.Delivered += delivered
	s.work.Rows.Refused += refused
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
	s.work.Unreadable = ranges
}

// SetInterval says how often the source is polled.
func (s *Source) SetInterval(interval time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work.Interval = interval
}

// SetHistory says how far history was read.
func (s *Source) SetHistory(h History) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work.History = h
}

// Note sets an attribute of the status about this source, which is no trouble.
func (s *Source) Note(what, text string) { s.board.note(what+"."+s.Name, text) }

// Report says what trouble a part of the source has that does not stop it, e.g. its audit; nil: none.
func (s *Source) Report(what string, err error) { s.board.setCommon(what+"."+s.Name, err) }

// Succeed says that a poll succeeded. It returns the trouble that this has ended, and whether another source still
// has it.
func (s *Source) Succeed(next time.Time) (ended Trouble, shared bool) {
	return s.board.succeed(s.entry, next)
}

// Fail says that a poll failed, and what becomes of the source. It reports whether that is news: no source of the
// receiver had this trouble in this state. One that backs off brings no news of what others are paused for.
func (s *Source) Fail(err error, state State, reason failure.Reason, failures int, next time.Time) bool {
	return s.board.fail(s.entry, Condition{
		State: state, Reason: reason, Err: err, Failures: failures, LastPoll: time.Now(), NextPoll: next,
	})
}

// Hold says that the pipeline does not take rows at present, nil that it does again. It reports whether that is news
// for the receiver.
func (s *Source) Hold(err error) bool { return s.board.hold(s.entry, err) }

// View is the present state.
func (s *Source) View() View {
	s.mu.Lock()
	work := s.work
	s.mu.Unlock()
	return View{s.Name, s.Table, s.board.seen(s.entry, s.Commands.Halted()), work}
}
