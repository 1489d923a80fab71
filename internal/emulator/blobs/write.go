package blobs

import (
	"io"
	"net/http"
	"strconv"
)

// mostBlock is the size of the largest block that is taken.
const mostBlock = 100 << 20

// write answers what changes the account.
func (s *Service) write(e *exchange) {
	c, query := e.call, e.r.URL.Query()
	switch {
	case c.Container == "" || e.r.Method != http.MethodPut && e.r.Method != http.MethodDelete:
		e.refuse(notSupported)
	case c.Blob == "" && query.Get("restype") == "container":
		s.writeContainer(e)
	case e.r.Method == http.MethodDelete:
		e.done(s.account.remove(c.Container, c.Blob), http.StatusAccepted, noBlob)
	case query.Get("comp") == "appendblock":
		s.appendBlock(e)
	case e.r.Header.Get("x-ms-blob-type") == "AppendBlob":
		v, ok := s.account.put(c.Container, c.Blob, s.Now())
		if ok {
			e.describe(v)
		}
		e.done(ok, http.StatusCreated, noContainer)
	default:
		e.refuse(notSupported)
	}
}

func (s *Service) writeContainer(e *exchange) {
	if e.r.Method == http.MethodDelete {
		e.done(s.account.removeContainer(e.call.Container), http.StatusAccepted, noContainer)
		return
	}
	e.done(s.account.create(e.call.Container), http.StatusCreated, isThere)
}

func (e *exchange) done(ok bool, status int, otherwise refusal) {
	if !ok {
		e.refuse(otherwise)
		return
	}
	e.WriteHeader(status)
}

func (s *Service) appendBlock(e *exchange) {
	block, err := io.ReadAll(io.LimitReader(e.r.Body, mostBlock))
	if err != nil {
		e.refuse(refusals[TimedOut])
		return
	}
	at, err := strconv.ParseInt(e.r.Header.Get("x-ms-blob-condition-appendpos"), 10, 64)
	if err != nil {
		at = -1
	}
	v, found, expected := s.account.append(e.call.Container, e.call.Blob, block, at, s.Now())
	switch {
	case !found:
		e.refuse(noBlob)
	case !expected:
		e.refuse(wrongOffset)
	default:
		e.Header().Set("x-ms-blob-append-offset", strconv.Itoa(len(v.content)-len(block)))
		e.describe(v)
		e.WriteHeader(http.StatusCreated)
	}
}

// Append adds a block to a blob of the account, and makes container and blob where they are missing.
func (s *Service) Append(container, name string, block []byte) {
	s.account.create(container)
	if _, ok := s.account.get(container, name); !ok {
		s.account.put(container, name, s.Now())
	}
	s.account.append(container, name, block, -1, s.Now())
}

// Remove deletes a blob, as a lifecycle rule does.
func (s *Service) Remove(container, name string) { s.account.remove(container, name) }

// Create makes an empty container.
func (s *Service) Create(container string) { s.account.create(container) }
