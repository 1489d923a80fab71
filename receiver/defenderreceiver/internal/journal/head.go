package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

const (
	// keptDays is how many days the journal reaches back: 13 months.
	keptDays = 400
	// leavingDays is how many days leave with one audit at most.
	leavingDays = 8
	// keptBreaks is how many breaks are remembered.
	keptBreaks = 100
)

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// day is what audits have written of a day: the hashes of its parts, by their lane's key.
type day struct {
	Version int               `json:"version"`
	Day     proof.Day         `json:"day"`
	Parts   map[string]string `json:"parts"`
}

func newDay(d proof.Day) *day { return &day{Version: version, Day: d, Parts: map[string]string{}} }

func decodeDay(data []byte) (*day, error) {
	d := newDay("")
	if err := json.Unmarshal(data, d); err != nil {
		return nil, err
	}
	return d, checkVersion(d.Version)
}

// head is the end of the chain of audits.
type head struct {
	Version int `json:"version"`
	// Entries is the number of audits in the chain.
	Entries int `json:"entries"`
	// Before is the hash of the head before this one, Audit that of the audit that wrote this one.
	Before string `json:"before,omitempty"`
	Audit  string `json:"audit,omitempty"`
	// Days are the hashes of the days.
	Days map[proof.Day]string `json:"days"`
	// Breaks are the values that were found changed when an audit was to be written.
	Breaks []Break `json:"breaks,omitempty"`
	// Hash is that of all the rest.
	Hash string `json:"hash"`
}

// Break is a value of the journal that was not what had been written.
type Break struct {
	Day   proof.Day `json:"day,omitempty"`
	What  string    `json:"what"`
	Found time.Time `json:"found,omitzero"` // when an audit has overwritten it; zero: it still stands there
}

func (b Break) String() string {
	text := b.What
	if b.Day != "" {
		text = string(b.Day) + ": " + text
	}
	if !b.Found.IsZero() {
		text += " (found at " + b.Found.UTC().Format(time.RFC3339) + ")"
	}
	return text
}

func newHead() *head { return &head{Version: version, Days: map[proof.Day]string{}} }

// sum is what Hash has to be.
func (h *head) sum() string {
	bare := *h
	bare.Hash = ""
	data, err := json.Marshal(bare)
	if err != nil {
		return ""
	}
	return hashOf(data)
}

// decodeHead reads a head, and reports whether its hash fits.
func decodeHead(data []byte) (h *head, intact bool, err error) {
	h = newHead()
	if err := json.Unmarshal(data, h); err != nil {
		return nil, false, err
	}
	if err := checkVersion(h.Version); err != nil {
		return nil, false, err
	}
	if h.Days == nil {
		h.Days = map[proof.Day]string{}
	}
	return h, h.Hash == h.sum(), nil
}

// next makes h the head after itself.
func (h *head) next(audit string) {
	h.Entries++
	h.Before, h.Audit = h.Hash, audit
	h.Hash = h.sum()
}

// note remembers a break.
func (h *head) note(b Break) {
	if len(h.Breaks) < keptBreaks {
		h.Breaks = append(h.Breaks, b)
	}
}

// forget takes the oldest days out that are older than the journal reaches back from a day, and returns them.
func (h *head) forget(newest proof.Day) []proof.Day {
	oldest := proof.DayOf(newest.Start().AddDate(0, 0, 1-keptDays))
	var gone []proof.Day
	for _, d := range slices.Sorted(maps.Keys(h.Days)) {
		if d >= oldest || len(gone) == leavingDays {
			break
		}
		gone = append(gone, d)
		delete(h.Days, d)
	}
	return gone
}
