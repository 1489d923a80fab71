package account

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

type containersPage struct {
	Containers []struct{ Name string } `xml:"Containers>Container"`
	NextMarker string
}

type blobsPage struct {
	Blobs []struct {
		Name       string
		Properties struct {
			CreationTime  string `xml:"Creation-Time"`
			LastModified  string `xml:"Last-Modified"`
			Etag          string
			ContentLength int64 `xml:"Content-Length"`
			BlobType      string
		}
	} `xml:"Blobs>Blob"`
	NextMarker string
}

// Containers is a page of the containers whose names begin with prefix, and the marker of the next page; empty: there is
// none.
func (c *Client) Containers(ctx context.Context, prefix, marker string) (names []string, next string, err error) {
	query := url.Values{"comp": {"list"}, "prefix": {prefix}}
	var page containersPage
	if err := c.list(ctx, request{operation: ListContainers, query: query}, marker, &page); err != nil {
		return nil, "", err
	}
	for _, item := range page.Containers {
		names = append(names, item.Name)
	}
	return names, page.NextMarker, nil
}

// Blobs is a page of a container's append blobs whose names begin with prefix. Skipped are entries that are none, such as
// the folders of a hierarchical account.
func (c *Client) Blobs(ctx context.Context, container, prefix, marker string) (blobs []export.Blob, skipped int, next string, err error) {
	query := url.Values{"restype": {"container"}, "comp": {"list"}}
	if prefix != "" {
		query.Set("prefix", prefix)
	}
	var page blobsPage
	if err := c.list(ctx, request{operation: ListBlobs, path: "/" + container, query: query}, marker, &page); err != nil {
		return nil, 0, "", err
	}
	for _, item := range page.Blobs {
		if item.Properties.BlobType != "AppendBlob" || item.Name == "" {
			skipped++
			continue
		}
		modified, _ := http.ParseTime(item.Properties.LastModified)
		blobs = append(blobs, export.Blob{
			Name: item.Name, Size: item.Properties.ContentLength, Created: item.Properties.CreationTime, ETag: unquoted(item.Properties.Etag),
			Modified: modified,
		})
	}
	return blobs, skipped, page.NextMarker, nil
}

func (c *Client) list(ctx context.Context, r request, marker string, page any) error {
	if marker != "" {
		r.query.Set("marker", marker)
	}
	resp, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return c.refused(resp)
	}
	if err := c.genuine(resp); err != nil {
		return err
	}
	defer discard(resp)
	if err := xml.NewDecoder(resp.Body).Decode(page); err != nil {
		return &Error{Kind: Passing, Status: resp.StatusCode, RequestID: resp.Header.Get("x-ms-request-id"), Message: "the list cannot be read: " + err.Error(), Err: err}
	}
	return nil
}

// unquoted is an ETag as lists write it; headers have it in quotes.
func unquoted(etag string) string { return strings.Trim(etag, `"`) }
