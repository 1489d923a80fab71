package health

import "sync"

// throttle counts how often in a row the service asked to wait. One such answer is no trouble, several without any other
// answer in between are.
type throttle struct {
	board *board

	mu    sync.Mutex // guards what follows
	inRow int
}

// throttled is the common trouble of a service that asks to wait again and again.
const throttled = "throttled"

// count takes an answer that asks to wait, and reports whether it is the first in a row.
func (t *throttle) count(err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inRow++
	if t.inRow > 1 {
		t.board.setCommon(throttled, err)
	}
	return t.inRow == 1
}

// end takes any other answer.
func (t *throttle) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inRow > 1 {
		t.board.setCommon(throttled, nil)
	}
	t.inRow = 0
}
