package service

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Service replays a recording. Its methods may be called at any time, also while it serves.
type Service struct {
	streams map[string]*stream
	plain   bool

	mu       sync.Mutex // guards what follows
	progress Progress
	// asked are the queries for rows, by table, the first one of each.
	asked map[string]string
}

// Progress is what a client has got so far.
type Progress struct {
	// Rows are the replayed rows that were sent, of Total that there are.
	Rows, Total int
	// Snapshots are the answers with a directory.
	Snapshots int
	// Queries are all queries, and Active those under way.
	Queries, Active int
	// Refused are queries that were none of the receiver's, and Last is why the last of them was refused.
	Refused int
	Last    string
}

// New makes a service of a recording. Plain answers are not compressed, whatever the client accepts.
func New(r *Recording, span Span, plain bool) (*Service, error) {
	streams, err := newStreams(r, span)
	if err != nil {
		return nil, err
	}
	s := &Service{streams: streams, plain: plain, asked: map[string]string{}}
	for _, one := range streams {
		if !one.table.Directory {
			s.progress.Total += one.rows
		}
	}
	return s, nil
}

// Progress is what the client has got so far.
func (s *Service) Progress() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.progress
}

// Asked are the first queries for rows of each table.
func (s *Service) Asked() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.asked)
}

// Handler serves Entra ID's and Graph's endpoints.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", discovery)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", token)
	mux.HandleFunc("POST /v1.0/security/runHuntingQuery", s.run)
	return mux
}

func discovery(w http.ResponseWriter, r *http.Request) {
	base := "https://" + r.Host + "/" + r.PathValue("tenant")
	writeJSON(w, map[string]any{
		"token_endpoint":         base + "/oauth2/v2.0/token",
		"authorization_endpoint": base + "/oauth2/v2.0/authorize",
		"issuer":                 base + "/v2.0",
		"jwks_uri":               base + "/discovery/v2.0/keys",
	})
}

// token gives anybody a token: e30 is {}, in the form of a JSON web token.
func token(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, struct {
		Type     string `json:"token_type"`
		Lifetime int    `json:"expires_in"`
		Value    string `json:"access_token"`
	}{"Bearer", 3599, "e30.e30.e30"})
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the client has gone
}

// run answers a query.
func (s *Service) run(w http.ResponseWriter, r *http.Request) {
	var request struct{ Query string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&request); err != nil {
		s.refuse(w, "the request: "+err.Error())
		return
	}
	q, err := parse(request.Query)
	if err != nil {
		s.refuse(w, err.Error())
		return
	}
	s.begin(q, request.Query)
	a, fits := s.answerTo(q, time.Now())
	if fits {
		s.send(w, a)
	} else {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(refusalBody("BadRequest", tooLarge)) // the client has gone
	}
	s.end(q, a)
}

func (s *Service) begin(q query, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress.Queries++
	s.progress.Active++
	if _, known := s.asked[q.table]; !known && (q.kind == askPage || q.kind == askNewest) {
		s.asked[q.table] = text
	}
}

func (s *Service) end(q query, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress.Active--
	s.progress.Rows += a.replayed
	if q.kind == askNewest {
		s.progress.Snapshots++
	}
}

// refuse answers what the service does not know.
func (s *Service) refuse(w http.ResponseWriter, why string) {
	s.mu.Lock()
	s.progress.Refused++
	s.progress.Last = why
	s.mu.Unlock()
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(refusalBody("BadRequest", why)) // the client has gone
}

// send streams an answer. A client that has gone does not read why.
func (s *Service) send(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	if s.plain {
		_ = a.write(w)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	zip := zips.Get().(*gzip.Writer) //nolint:forcetypeassert // the pool has nothing else
	defer zips.Put(zip)
	zip.Reset(w)
	if a.write(zip) == nil {
		_ = zip.Close()
	}
}

// zips are writers, each of which has large tables.
var zips = sync.Pool{New: func() any {
	zip, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is valid
	return zip
}}
