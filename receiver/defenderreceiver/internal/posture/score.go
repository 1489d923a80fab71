package posture

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Score is the score of a day.
type Score struct {
	// Day is its date, e.g. 2026-03-15; where the service does not say it, what stands for the content.
	Day     string
	Created time.Time
	// Current and Max are points; below zero they are not known.
	Current, Max float64
	Controls     []ScoredControl
	Peers        []Peer
}

// ScoredControl is what a control adds to a score.
type ScoredControl struct {
	Name, Category string
	Score          float64
}

// Peer is the average of other tenants.
type Peer struct {
	Basis   string
	Average float64
}

// unknown is how the service writes a number that it does not know.
const unknown = -1

// ScoreOf reads a score of Graph.
func ScoreOf(body pcommon.Map) Score {
	s := Score{Created: instant(body, "createdDateTime"), Current: number(body, "currentScore"), Max: number(body, "maxScore")}
	s.Day = s.day(body)
	for _, control := range objects(body, "controlScores") {
		s.Controls = append(s.Controls, ScoredControl{
			Name: text(control, "controlName"), Category: text(control, "controlCategory"), Score: number(control, "score"),
		})
	}
	for _, peer := range objects(body, "averageComparativeScores") {
		s.Peers = append(s.Peers, Peer{Basis: text(peer, "basis"), Average: number(peer, "averageScore")})
	}
	return s
}

// day is the date of a score: that of its creation, else the one at the end of its id.
func (s Score) day(body pcommon.Map) string {
	if !s.Created.IsZero() {
		return s.Created.UTC().Format(time.DateOnly)
	}
	id := text(body, "id")
	if _, date, ok := strings.Cut(id, "_"); ok {
		if _, err := time.Parse(time.DateOnly, date); err == nil {
			return date
		}
	}
	return "#" + contentOf(body)
}

// contentOf stands for the content of an object.
func contentOf(body pcommon.Map) string {
	content, _ := json.Marshal(body.AsRaw()) // what came as JSON is JSON
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:16])
}

func text(body pcommon.Map, key string) string {
	if v, ok := body.Get(key); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

// number is a number, which the service may write as text; unknown where there is none.
func number(body pcommon.Map, key string) float64 {
	v, ok := body.Get(key)
	if !ok {
		return unknown
	}
	switch v.Type() {
	case pcommon.ValueTypeDouble:
		return v.Double()
	case pcommon.ValueTypeInt:
		return float64(v.Int())
	case pcommon.ValueTypeStr:
		if f, err := strconv.ParseFloat(v.Str(), 64); err == nil {
			return f
		}
	}
	return unknown
}

func instant(body pcommon.Map, key string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text(body, key))
	if err != nil {
		return time.Time{}
	}
	return at
}

// objects are those of a list.
func objects(body pcommon.Map, key string) []pcommon.Map {
	v, ok := body.Get(key)
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	var all []pcommon.Map
	for _, element := range v.Slice().All() {
		if element.Type() == pcommon.ValueTypeMap {
			all = append(all, element.Map())
		}
	}
	return all
}
