package blobs

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// read answers GET and HEAD of a blob.
func (s *Service) read(e *exchange) {
	v, ok := s.account.get(e.call.Container, e.call.Blob)
	switch {
	case !ok && !s.account.has(e.call.Container):
		e.refuse(noContainer)
		return
	case !ok:
		e.refuse(noBlob)
		return
	}
	e.describe(v)
	if wanted := e.r.Header.Get("If-Match"); wanted != "" && wanted != quoted(v.etag) {
		e.refuse(notMet)
		return
	}
	if known := e.r.Header.Get("If-None-Match"); known == quoted(v.etag) {
		e.WriteHeader(http.StatusNotModified)
		return
	}
	e.Header().Set("Content-Type", "application/octet-stream")
	from, to, ranged := rangeOf(e.r)
	if !ranged {
		e.send(http.StatusOK, v.content)
		return
	}
	size := int64(len(v.content))
	if from > size || size == 0 || from == size && s.EndIs416 {
		e.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		e.refuse(badRange)
		return
	}
	to = min(to, size-1)
	e.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, size))
	e.send(http.StatusPartialContent, v.content[from:to+1])
}

// describe sets the headers that say what a blob is.
func (e *exchange) describe(v view) {
	h := e.Header()
	h.Set("ETag", quoted(v.etag))
	h.Set("Last-Modified", v.modified.UTC().Format(http.TimeFormat))
	h.Set("x-ms-creation-time", v.created.UTC().Format(http.TimeFormat))
	h.Set("x-ms-blob-type", "AppendBlob")
	h.Set("x-ms-blob-committed-block-count", strconv.Itoa(v.blocks))
	h.Set("Accept-Ranges", "bytes")
}

func quoted(etag string) string { return `"` + etag + `"` }

// rangeOf is what a request asks for of a blob; without an end it asks for all that follows.
func rangeOf(r *http.Request) (from, to int64, ok bool) {
	text := r.Header.Get("x-ms-range")
	if text == "" {
		text = r.Header.Get("Range")
	}
	first, last, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	if !ok {
		return 0, 0, false
	}
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	const all = 1<<62 - 1
	if to, err = strconv.ParseInt(last, 10, 64); err != nil {
		to = all
	}
	return from, to, to >= from
}
