package state

import (
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/book"
)

// version is that of the stored form.
const version = 1

const root = "defender_storage/v1"

func containerKey(container string) string { return root + "/" + container }

func dayKey(container, day string) string { return containerKey(container) + "/" + day }

// stored is the key of the receiver.
type stored struct {
	Version    int        `json:"version"`
	Start      book.Start `json:"start"`
	Containers []string   `json:"containers"`
	Paused     []string   `json:"paused,omitempty"`
	// Found is when the last complete list of the account's containers began.
	Found time.Time `json:"found,omitzero"`
}

type storedContainer struct {
	Version int      `json:"version"`
	Days    []string `json:"days"`
	// Past are days whose blobs are all deleted, and of which counts are kept.
	Past []string `json:"past,omitempty"`
}

func (c storedContainer) equal(o storedContainer) bool {
	return slices.Equal(c.Days, o.Days) && slices.Equal(c.Past, o.Past)
}

func listedKey(container string) string { return containerKey(container) + "/listed" }

// storedListed changes with each list, so it has a key of its own: the other values of a container do not.
type storedListed struct {
	Version int `json:"version"`
	// At is when the last complete list of the container's blobs began.
	At time.Time `json:"at"`
}

type storedDay struct {
	Version int `json:"version"`
	book.Day
}

func pastKey(container, day string) string { return containerKey(container) + "/past/" + day }

// storedPast is what stays of a day whose blobs are all deleted.
type storedPast struct {
	Version int `json:"version"`
	book.Counts
}
