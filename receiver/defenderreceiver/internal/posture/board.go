package posture

import (
	"sync"
	"time"
)

// Board holds figures as they were read last, for those who show them. It is safe for concurrent use.
type Board[T any] struct {
	patience time.Duration
	read     chan struct{} // closed with the first poll
	once     sync.Once

	mu    sync.Mutex // guards what follows
	shown T
	at    time.Time // of this machine's clock
}

// patienceIntervals is after how many intervals without a poll that succeeded figures are shown no more: a number that
// nobody has confirmed for long would look like one that does not change.
const patienceIntervals = 3

// NewBoard makes an empty board of figures that are read at an interval.
func NewBoard[T any](interval time.Duration) *Board[T] {
	return &Board[T]{patience: patienceIntervals * interval, read: make(chan struct{})}
}

// Show puts figures on the board.
func (b *Board[T]) Show(figures T, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown, b.at = figures, now
}

// Figures are the last ones; false where there are none, or none of late.
func (b *Board[T]) Figures(now time.Time) (T, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at.IsZero() || now.Sub(b.at) > b.patience {
		var none T
		return none, false
	}
	return b.shown, true
}

// Polled says that figures were read, or are not going to be for a while.
func (b *Board[T]) Polled() { b.once.Do(func() { close(b.read) }) }

// Read is closed once Polled was called.
func (b *Board[T]) Read() <-chan struct{} { return b.read }
