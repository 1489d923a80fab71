package quota

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// recordVersion of the stored form. A later form is written beside this reader, not instead of it.
const recordVersion = 1

// Record is what a receiver has spent, as it is stored.
type Record struct {
	At        time.Time // on this machine's clock
	ServiceAt time.Time // on the service's; zero if it was not known
	// Reserve is what may have been spent since, without a further record.
	Reserve Cost
	// Expected is the highest estimate of a query's cost, and ExpectedSpare the highest with spare queries.
	Expected, ExpectedSpare time.Duration
	// BlockedFor is the rest of the service's block, and BlockedBy its reason.
	BlockedFor time.Duration
	BlockedBy  string
	Spent      []Spent // oldest first
}

// Spent is a cost and its least age at the time of the record.
type Spent struct {
	Age time.Duration
	Cost
	Spare Cost // the part of it that Spare queries have spent
}

// Record is what a receiver has spent. The caller adds what is not the account's.
func (a *Account) Record(receiver string, now time.Time) Record {
	r := Record{At: now.Round(0)}
	j := a.journal(receiver, now)
	j.tidy(now, a.longest())
	for _, s := range j.slots {
		r.Spent = append(r.Spent, Spent{Age: max(now.Sub(s.end), 0), Cost: s.Cost, Spare: s.spare})
	}
	return r
}

// Restore takes over what a receiver had spent in an earlier life. Elapsed is the time since the record. The reserve
// counts as spent now, because it may have been spent just before that life ended.
func (a *Account) Restore(receiver string, r Record, elapsed time.Duration, now time.Time) {
	j := &journal{base: now}
	for _, s := range r.Spent {
		j.slots = append(j.slots, slot{end: now.Add(-elapsed - s.Age), Cost: s.Cost, spare: s.Spare})
	}
	if r.Reserve != (Cost{}) {
		// After now, where Shift leaves it.
		j.slots = append(j.slots, slot{end: now.Add(1), Cost: r.Reserve, reserve: true})
	}
	j.tidy(now, a.longest())
	a.journals[receiver] = j
	a.recount(now)
}

// Shift moves what a receiver had spent before it was restored, because the clock by which it was restored was wrong.
// Nothing moves beyond that moment, and the reserve stays where it is.
func (a *Account) Shift(receiver string, restored time.Time, by time.Duration, now time.Time) {
	j := a.journal(receiver, now)
	for i, s := range j.slots {
		if s.end.After(restored) {
			break
		}
		j.slots[i].end = s.end.Add(by)
		if j.slots[i].end.After(restored) {
			j.slots[i].end = restored
		}
	}
	j.tidy(now, a.longest())
	a.recount(now)
}

// stored is the form of a Record in storage.
type stored struct {
	Version    int        `json:"version"`
	At         time.Time  `json:"at"`
	ServiceAt  time.Time  `json:"service_at,omitzero"`
	Requests   int        `json:"reserved_requests"`
	CPU        int64      `json:"reserved_cpu_ms"`
	Expected   int64      `json:"expected_cpu_ms,omitempty"`
	Spare      int64      `json:"expected_spare_cpu_ms,omitempty"`
	BlockedFor int64      `json:"blocked_ms,omitempty"`
	BlockedBy  string     `json:"blocked_by,omitempty"`
	Spent      [][5]int64 `json:"spent"` // age in s, requests, CPU in ms, and of these what was spare
}

// Encode makes the stored form. Ages are rounded down and costs up.
func (r Record) Encode() ([]byte, error) {
	s := stored{
		Version: recordVersion, At: r.At.UTC(), Requests: r.Reserve.Requests, CPU: milliseconds(r.Reserve.CPU),
		Expected: milliseconds(r.Expected), Spare: milliseconds(r.ExpectedSpare), BlockedFor: milliseconds(r.BlockedFor), BlockedBy: r.BlockedBy,
		Spent: make([][5]int64, len(r.Spent)),
	}
	if !r.ServiceAt.IsZero() {
		s.ServiceAt = r.ServiceAt.UTC()
	}
	for i, spent := range r.Spent {
		s.Spent[i] = [5]int64{
			int64(spent.Age / time.Second), int64(spent.Requests), milliseconds(spent.CPU),
			int64(spent.Spare.Requests), milliseconds(spent.Spare.CPU),
		}
	}
	return json.Marshal(s)
}

func milliseconds(d time.Duration) int64 { return int64((d + time.Millisecond - 1) / time.Millisecond) }

var errRecord = errors.New("its figures are out of range")

// Decode reads the stored form.
func Decode(data []byte) (Record, error) {
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return Record{}, err
	}
	if s.Version != recordVersion {
		return Record{}, fmt.Errorf("it is of version %d, and this release reads version %d", s.Version, recordVersion)
	}
	r := Record{
		At: s.At, ServiceAt: s.ServiceAt, Reserve: Cost{s.Requests, time.Duration(s.CPU) * time.Millisecond},
		Expected: time.Duration(s.Expected) * time.Millisecond, ExpectedSpare: time.Duration(s.Spare) * time.Millisecond,
		BlockedFor: min(time.Duration(s.BlockedFor)*time.Millisecond, maxBlock), BlockedBy: s.BlockedBy,
	}
	const most = int64(1e9) // of any figure; no sum of them overflows
	ok := !s.At.IsZero() && inRange(most, int64(s.Requests), s.CPU, s.Expected, s.Spare, s.BlockedFor)
	for _, spent := range s.Spent {
		ok = ok && inRange(most, spent[:]...) && spent[3] <= spent[1] && spent[4] <= spent[2]
		r.Spent = append(r.Spent, Spent{
			Age:   time.Duration(spent[0]) * time.Second,
			Cost:  Cost{int(spent[1]), time.Duration(spent[2]) * time.Millisecond},
			Spare: Cost{int(spent[3]), time.Duration(spent[4]) * time.Millisecond},
		})
	}
	if !ok {
		return Record{}, errRecord
	}
	slices.SortStableFunc(r.Spent, func(a, b Spent) int { return int((b.Age - a.Age) / time.Second) })
	return r, nil
}

func inRange(most int64, figures ...int64) bool {
	return !slices.ContainsFunc(figures, func(n int64) bool { return n < 0 || n > most })
}
