package blobs

import (
	"net/http"
	"strings"

	"github.com/google/uuid"
)

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
