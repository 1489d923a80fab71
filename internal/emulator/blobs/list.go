package blobs

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

type containerList struct {
	XMLName    xml.Name `xml:"EnumerationResults"`
	Prefix     string
	Containers []containerItem `xml:"Containers>Container"`
	NextMarker string
}

type containerItem struct{ Name string }

type blobList struct {
	XMLName       xml.Name `xml:"EnumerationResults"`
	ContainerName string   `xml:",attr"`
	Prefix        string
	Blobs         []blobItem `xml:"Blobs>Blob"`
	NextMarker    string
}

type blobItem struct {
	Name       string
	Properties blobProperties
}

type blobProperties struct {
	CreationTime  string `xml:"Creation-Time"`
	LastModified  string `xml:"Last-Modified"`
	Etag          string
	ContentLength int64 `xml:"Content-Length"`
	BlobType      string
}

func (s *Service) listContainers(e *exchange) {
	prefix, marker, most := s.page(e.r)
	list := containerList{Prefix: prefix}
	for _, name := range s.account.names() {
		if !strings.HasPrefix(name, prefix) || name < marker {
			continue
		}
		if len(list.Containers) == most {
			list.NextMarker = marked(name)
			break
		}
		list.Containers = append(list.Containers, containerItem{name})
	}
	e.sendXML(list)
}

func (s *Service) listBlobs(e *exchange) {
	if !s.account.has(e.call.Container) {
		e.refuse(noContainer)
		return
	}
	prefix, marker, most := s.page(e.r)
	list := blobList{ContainerName: e.call.Container, Prefix: prefix}
	found, next := s.account.list(e.call.Container, prefix, marker, most)
	if next != "" {
		list.NextMarker = marked(next)
	}
	for _, v := range found {
		list.Blobs = append(list.Blobs, blobItem{v.name, blobProperties{
			CreationTime: v.created.UTC().Format(http.TimeFormat), LastModified: v.modified.UTC().Format(http.TimeFormat),
			Etag: v.etag, ContentLength: int64(len(v.content)), BlobType: "AppendBlob",
		}})
	}
	e.sendXML(list)
}

// page is which part of a list is asked for.
func (s *Service) page(r *http.Request) (prefix, marker string, most int) {
	query := r.URL.Query()
	raw, _ := base64.URLEncoding.DecodeString(query.Get("marker"))
	most, err := strconv.Atoi(query.Get("maxresults"))
	if err != nil || most <= 0 {
		most = s.PageMost
	}
	return query.Get("prefix"), string(raw), min(most, s.PageMost)
}

// marked hides what a marker is made of, as the service does.
func marked(name string) string { return base64.URLEncoding.EncodeToString([]byte(name)) }
