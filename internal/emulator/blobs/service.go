package blobs

import (
	"net/http"
	"sync"
	"time"
)

// mostListed is how many entries a page of a list has at most.
const mostListed = 5_000

// Config is how the service behaves.
type Config struct {
	Now func() time.Time // nil: time.Now
	// Authorize says in the service's words whether a caller may do what it asks for; nil: everybody may do all.
	Authorize func(r *http.Request, operation Operation) Kind
	// PageMost is how many entries a page of a list has at most; 0: 5,000, as Azure has it.
	PageMost int
	// EndIs416: a range that begins at the end of a blob is refused, as Azure documents it. Azurite answers 206 without bytes.
	EndIs416 bool
}

// Service is one storage account.
type Service struct {
	Config
	account *account
	faults  faults

	mu    sync.Mutex // guards what follows
	calls []Call
}

// Call is one request, as the service saw it.
type Call struct {
	Method    string
	Operation Operation
	Container string
	Blob      string
	Status    int // 0: the connection broke
	Bytes     int // of data that was sent
	Agent     string
}

// New returns an account without containers.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.PageMost == 0 {
		c.PageMost = mostListed
	}
	return &Service{Config: c, account: newAccount()}
}

// Calls are the requests so far.
func (s *Service) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// ForgetCalls begins the list of requests anew.
func (s *Service) ForgetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// Strike lets a fault strike the next n requests that it concerns; below zero: all until Mend.
func (s *Service) Strike(n int, f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.plan = append(s.faults.plan, planned{f, n})
}

// Mend ends all faults.
func (s *Service) Mend() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.plan = nil
}
