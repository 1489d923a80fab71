package blobs

import (
	"encoding/xml"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
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

// exchange is one request and its answer.
type exchange struct {
	http.ResponseWriter
	r    *http.Request
	call Call
	cut  bool // the body is to end half-way
}

// WriteHeader notes the status.
func (e *exchange) WriteHeader(status int) {
	e.call.Status = status
	e.ResponseWriter.WriteHeader(status)
}

// ServeHTTP answers a request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{ResponseWriter: w, r: r, call: Call{Method: r.Method, Agent: r.UserAgent()}}
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/") // the account comes first
	e.call.Container, e.call.Blob, _ = strings.Cut(path, "/")
	e.call.Operation = operationOf(r, e.call.Container, e.call.Blob)
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("x-ms-request-id", uuid.NewString())
	w.Header().Set("x-ms-version", r.Header.Get("x-ms-version"))
	defer func() { s.note(e.call) }()
	s.answer(e)
}

func (s *Service) note(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
}

func operationOf(r *http.Request, container, blob string) Operation {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return Write
	case container == "":
		return ListContainers
	case blob == "":
		return ListBlobs
	default:
		return Read
	}
}

func (s *Service) answer(e *exchange) {
	fault := s.faults.draw(e.call.Operation, e.call.Container)
	if fault == "" && s.Authorize != nil {
		fault = s.Authorize(e.r, e.call.Operation)
	}
	if refused, ok := refusals[fault]; ok {
		e.refuse(refused)
		return
	}
	if fault == Lost {
		s.lose(e)
	}
	e.cut = fault == Cut
	switch e.call.Operation {
	case ListContainers:
		s.listContainers(e)
	case ListBlobs:
		s.listBlobs(e)
	case Read:
		s.read(e)
	case Write:
		s.write(e)
	}
}

// lose does what was asked, and breaks the connection.
func (s *Service) lose(e *exchange) {
	if e.call.Operation == Write {
		s.write(&exchange{ResponseWriter: nowhere{http.Header{}}, r: e.r, call: e.call})
	}
	panic(http.ErrAbortHandler)
}

// nowhere is where an answer goes that is lost.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n nowhere) WriteHeader(int)             {}

type xmlError struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
}

func (e *exchange) refuse(f refusal) {
	e.Header().Set("x-ms-error-code", f.code)
	e.Header().Set("Content-Type", "application/xml")
	e.WriteHeader(f.status)
	if e.r.Method == http.MethodHead {
		return
	}
	_ = xml.NewEncoder(e).Encode(xmlError{Code: f.code, Message: f.message})
}
