package posture

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// State is what was delivered: days and versions of profiles. It belongs to the loop of its source.
type State struct {
	days     map[string]int    // with how many of their records the pipeline refused for good
	profiles map[string]string // the version of each that was delivered last
	// complete is the newest day of the last reading that came to its end: none before it is missing but what the service had
	// not shown yet. Empty: there was none.
	complete string
}

const (
	// Kept is how many days the service keeps, and the most that one reading asks for.
	Kept = 90
	// remembered is how many days are remembered that were delivered.
	remembered = Kept + 30
	// again is how many days before the newest one each reading asks for again.
	again = 7
	day   = 24 * time.Hour
)

// NewState is that of a tenant of which nothing was read.
func NewState() *State { return &State{days: map[string]int{}, profiles: map[string]string{}} }

// HasDay reports whether the score of a day was delivered. Once many are remembered, what lies before them was, too.
func (s *State) HasDay(of string) bool {
	_, known := s.days[of]
	return known || isDate(of) && len(s.days) >= remembered && of < slices.Min(slices.Collect(maps.Keys(s.days)))
}

// IsLate reports whether a day lies before one up to which all was read.
func (s *State) IsLate(of string) bool { return of < s.complete }

// Refused is how many records of a day were refused for good.
func (s *State) Refused(of string) int { return s.days[of] }

// AddDay notes that the score of a day was delivered, but for some records that were refused for good, and forgets the oldest
// of many.
func (s *State) AddDay(of string, refused int) {
	s.days[of] = refused
	for len(s.days) > remembered {
		delete(s.days, slices.Min(slices.Collect(maps.Keys(s.days))))
	}
}

// Complete notes that a reading came to its end, of which this is the newest day. It reports whether that is news.
func (s *State) Complete(newest string) bool {
	if !isDate(newest) || newest <= s.complete {
		return false
	}
	s.complete = newest
	return true
}

// Wanted is how many of the newest days a reading asks for at a time: all until one came to its end, then those since that one
// and some before it, which the service may have shown late.
func (s *State) Wanted(now time.Time) int {
	complete, err := time.Parse(time.DateOnly, s.complete)
	if err != nil {
		return Kept
	}
	return min(max(int(now.UTC().Sub(complete)/day), 0)+1+again, Kept)
}

// HasProfile reports whether this version of a profile was delivered last.
func (s *State) HasProfile(p Profile) bool { return s.profiles[p.ID] == p.Version }

// AddProfile notes that a version of a profile was delivered.
func (s *State) AddProfile(p Profile) { s.profiles[p.ID] = p.Version }

func isDate(of string) bool {
	_, err := time.Parse(time.DateOnly, of)
	return err == nil
}

// stored is the form of a State in the storage.
type stored struct {
	Version  int               `json:"version"`
	Days     map[string]int    `json:"days"`
	Profiles map[string]string `json:"profiles"`
	Complete string            `json:"complete,omitempty"`
}

const storedVersion = 1

// Encode is the stored form.
func (s *State) Encode() ([]byte, error) {
	data, err := json.Marshal(stored{storedVersion, s.days, s.profiles, s.complete})
	if err != nil {
		return nil, fmt.Errorf("encode the state of Secure Score: %w", err)
	}
	return data, nil
}

// Decode reads the stored form.
func Decode(data []byte) (*State, error) {
	var from stored
	if err := json.Unmarshal(data, &from); err != nil {
		return nil, fmt.Errorf("decode the state of Secure Score: %w", err)
	}
	if from.Version != storedVersion {
		return nil, fmt.Errorf("the stored state of Secure Score has version %d, and this release reads %d: use the release that wrote it", from.Version, storedVersion)
	}
	s := NewState()
	maps.Copy(s.days, from.Days)
	maps.Copy(s.profiles, from.Profiles)
	s.complete = from.Complete
	return s, nil
}
