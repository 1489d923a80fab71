package blobs

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
)

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

func (e *exchange) send(status int, content []byte) {
	e.Header().Set("Content-Length", strconv.Itoa(len(content)))
	e.WriteHeader(status)
	if e.r.Method == http.MethodHead {
		return
	}
	if e.cut {
		content = content[:len(content)/2]
	}
	n, _ := e.Write(content)
	e.call.Bytes = n
	if e.cut {
		if f, ok := e.ResponseWriter.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

func (e *exchange) sendXML(list any) {
	body, err := xml.Marshal(list)
	if err != nil {
		e.refuse(refusals[TimedOut])
		return
	}
	e.Header().Set("Content-Type", "application/xml")
	e.send(http.StatusOK, slices.Concat([]byte(xml.Header), body))
}
