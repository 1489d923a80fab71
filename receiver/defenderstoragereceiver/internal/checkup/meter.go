package checkup

import (
	"net/http"
	"sync"
	"time"
)

// Meter counts the requests that a test sends, and reads the service's clock off the answers. It is safe for concurrent use.
type Meter struct {
	next http.RoundTripper
	now  func() time.Time

	mu    sync.Mutex // guards what follows
	sent  int
	ahead *time.Duration
}

// NewMeter stands before a way to the service.
func NewMeter(next http.RoundTripper, now func() time.Time) *Meter {
	if next == nil {
		next = http.DefaultTransport
	}
	return &Meter{next: next, now: now}
}

// RoundTrip implements http.RoundTripper.
func (m *Meter) RoundTrip(req *http.Request) (*http.Response, error) {
	began := m.now()
	resp, err := m.next.RoundTrip(req)
	m.note(began, m.now(), resp)
	return resp, err
}

// note takes the clock of what the service itself has answered. Its time is that of the middle of the request, to half of its
// length and a second.
func (m *Meter) note(began, ended time.Time, resp *http.Response) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent++
	if resp == nil || resp.Header.Get("x-ms-request-id") == "" {
		return
	}
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return
	}
	const cut = 500 * time.Millisecond // of a second that the header leaves out, on average
	ahead := at.Add(cut).Sub(began.Add(ended.Sub(began) / 2))
	m.ahead = &ahead
}

// Sent is how many requests were sent.
func (m *Meter) Sent() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent
}

// Ahead is by how much the service's clock is before this machine's; false: no answer has told.
func (m *Meter) Ahead() (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ahead == nil {
		return 0, false
	}
	return *m.ahead, true
}
