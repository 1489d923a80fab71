package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// Part is a part of a blob.
type Part struct {
	// Unchanged: the blob is as it was; nothing else is known.
	Unchanged bool
	// Blob is the blob at the time of the answer. Its size is that of the whole.
	Blob export.Blob
	// Body is what stands from the offset on. It is empty where nothing does.
	Body []byte
	// Cut is why Body is shorter than what the service began to send. What is there is good.
	Cut error
}

// Read reads at most n bytes, from 1, of a blob from an offset on. With the ETag of an earlier answer it reads only if the
// blob has changed since.
func (c *Client) Read(ctx context.Context, container, name string, offset, n int64, known string) (Part, error) {
	r := request{
		operation: ReadBlob, path: "/" + container + "/" + name,
		header: map[string]string{"x-ms-range": fmt.Sprintf("bytes=%d-%d", offset, offset+max(n, 1)-1)},
	}
	if known != "" {
		r.header["If-None-Match"] = `"` + known + `"`
	}
	resp, err := c.send(ctx, r)
	if err != nil {
		return Part{}, err
	}
	switch resp.StatusCode {
	case http.StatusNotModified:
		discard(resp)
		return Part{Unchanged: true}, nil
	case http.StatusRequestedRangeNotSatisfiable:
		return c.beyond(resp, name)
	case http.StatusPartialContent:
		return c.part(resp, name, offset, n)
	case http.StatusOK:
		defer discard(resp)
		return Part{}, &Error{Kind: Passing, Status: resp.StatusCode, Message: "the answer is not the part that was asked for", RequestID: resp.Header.Get("x-ms-request-id")}
	default:
		return Part{}, c.refused(resp)
	}
}

// beyond is the answer where nothing stands at the offset.
func (c *Client) beyond(resp *http.Response, name string) (Part, error) {
	size, ok := total(resp)
	if !ok || resp.Header.Get("x-ms-request-id") == "" {
		return Part{}, c.refused(resp)
	}
	discard(resp)
	b := blobOf(resp, name)
	b.Size = size
	return Part{Blob: b}, nil
}

func (c *Client) part(resp *http.Response, name string, offset, n int64) (Part, error) {
	if err := c.genuine(resp); err != nil {
		return Part{}, err
	}
	defer resp.Body.Close()
	size, ok := total(resp)
	first, _, _ := strings.Cut(strings.TrimPrefix(resp.Header.Get("Content-Range"), "bytes "), "-")
	if from, err := strconv.ParseInt(first, 10, 64); !ok || err != nil || from != offset {
		return Part{}, &Error{Kind: Passing, Status: resp.StatusCode, Message: "the answer does not say which part of the blob it is", RequestID: resp.Header.Get("x-ms-request-id")}
	}
	p := Part{Blob: blobOf(resp, name)}
	p.Blob.Size = size
	body := make([]byte, max(min(n, size-offset), 0))
	read, err := io.ReadFull(resp.Body, body)
	p.Body = body[:read]
	switch {
	case err == nil, errors.Is(err, io.EOF) && len(body) == 0:
	case read == 0:
		return Part{}, unreachable(fmt.Errorf("read the answer: %w", err))
	default:
		p.Cut = unreachable(fmt.Errorf("read the answer: %w", err))
	}
	return p, nil
}

// total is the size of the whole blob, which stands behind the range.
func total(resp *http.Response) (int64, bool) {
	_, text, _ := strings.Cut(resp.Header.Get("Content-Range"), "/")
	size, err := strconv.ParseInt(text, 10, 64)
	return size, err == nil && size >= 0
}

func blobOf(resp *http.Response, name string) export.Blob {
	modified, _ := http.ParseTime(resp.Header.Get("Last-Modified"))
	return export.Blob{Name: name, Created: resp.Header.Get("x-ms-creation-time"), ETag: unquoted(resp.Header.Get("ETag")), Modified: modified}
}
