package proof

import (
	"slices"
	"time"
)

// KindExport is the kind of a report of a storage export, in its JSON form. A report of hunting says none.
const KindExport = "storage_export"

// Document is the report of a day, of whatever receiver.
type Document interface {
	Text() string
	Markdown() string
	Verdict() Verdict
}

var (
	_ Document = (*Report)(nil)
	_ Document = (*ExportReport)(nil)
)

// ExportReport is a day of a receiver of a storage export. A day is that of the blobs' names. Nobody counts what the export
// has written, so it says what was read of the blobs and what became of it, and up to which length each was read.
type ExportReport struct {
	Version  int    `json:"version"`
	Kind     string `json:"kind"`
	Receiver string `json:"receiver"`
	// Worker is the one that runs the receiver; empty: there is only one, or it is not known.
	Worker     string    `json:"worker,omitempty"`
	AccountURL string    `json:"account_url"`
	Day        Day       `json:"day"`
	Made       time.Time `json:"made"`
	// Named: the configuration names the containers, so that the account is not asked which it has.
	Named bool `json:"containers_named"`
	// Listed is when the last complete list of the account's containers began; zero: there was none, or they are named.
	Listed     time.Time  `json:"containers_listed"`
	Containers []Exported `json:"containers"`
}

// SetWorker says which worker runs the receiver.
func (r *ExportReport) SetWorker(name string) { r.Worker = name }

// Exported is what is known of a container's day.
type Exported struct {
	Table     string `json:"table"`
	Container string `json:"container"`
	// Listed is when the last complete list of the container began. Blobs and bytes are as of then, or newer. Zero: it never
	// was listed.
	Listed time.Time `json:"listed"`
	// Read is when something was read last; zero: nothing was.
	Read         time.Time `json:"read"`
	Blobs        int       `json:"blobs"`         // that are there
	BlobsDeleted int       `json:"blobs_deleted"` // that were there
	Bytes        Bytes     `json:"bytes"`
	Rows         Lines     `json:"rows"`
	// Unread are the blobs that are not read to their end, the oldest first, at most MostUnread.
	Unread []UnreadBlob `json:"unread,omitempty"`
}

// Bytes are those of the blobs of a day.
type Bytes struct {
	Stored  int64 `json:"stored"`             // in the blobs that are there
	Read    int64 `json:"read"`               // lines that were handed on, of deleted blobs too
	Unread  int64 `json:"unread"`             // are there, and not handed on yet
	Lost    int64 `json:"lost"`               // were deleted before they were read
	Passed  int64 `json:"passed_over"`        // were there before the receiver's first start, and older than initial_lookback
	Earlier int64 `json:"read_and_uncounted"` // were read or passed over by a release that did not count
}

// Lines are what the lines gave that were read: rows, and texts that are no rows.
type Lines struct {
	Read        int `json:"read"` // all of the following but the broken ones
	Delivered   int `json:"delivered"`
	Repeated    int `json:"repeated"`     // handed on shortly before, and left out
	RefusedKept int `json:"refused_kept"` // by the pipeline for good; they are in the dead letters
	RefusedLost int `json:"refused_lost"` // by the pipeline for good, while there was no place for dead letters
	Broken      int `json:"broken"`       // of those delivered or refused: no rows, handed on as texts
}

// UnreadBlob is a blob that is not read to its end.
type UnreadBlob struct {
	Name   string `json:"name"`
	Length int64  `json:"length"`
	Unread int64  `json:"unread"`
}

// MostUnread is how many unread blobs of a container a report names. All are counted.
const MostUnread = 5

// Verdict is the gravest of what the report says.
func (r *ExportReport) Verdict() Verdict {
	switch {
	case slices.ContainsFunc(r.Containers, Exported.lost):
		return Undelivered
	case !r.isFound() || !r.isSeen() || slices.ContainsFunc(r.Containers, r.unknown):
		return Unknown
	default:
		return Delivered
	}
}

// growing is how long after an hour the export usually still writes to its blob.
const growing = time.Hour

// closed is when the last blobs of the day have usually got all their lines.
func (r *ExportReport) closed() time.Time { return r.Day.End().Add(growing) }

// isFound: the account was asked for containers since the day was closed, unless they are named.
func (r *ExportReport) isFound() bool { return r.Named || !r.Listed.Before(r.closed()) }

// isSeen: a blob of the day is or was known. Where none is, all of them may have been deleted before a list has shown them, or
// their counts are kept no longer.
func (r *ExportReport) isSeen() bool {
	return slices.ContainsFunc(r.Containers, func(e Exported) bool { return e.Blobs+e.BlobsDeleted > 0 })
}

func (e Exported) lost() bool { return e.Bytes.Lost > 0 || e.Rows.RefusedLost > 0 }

// unknown: the container was not listed since the day was closed, or not all is read that is there.
func (r *ExportReport) unknown(e Exported) bool {
	return e.Listed.Before(r.closed()) || e.Bytes.Unread > 0 || e.Bytes.Earlier > 0
}

// asOf is up to when the report knows the blobs of all containers.
func (r *ExportReport) asOf() time.Time {
	oldest := r.Made
	if !r.Named {
		oldest = r.Listed
	}
	for _, e := range r.Containers {
		if e.Listed.Before(oldest) {
			oldest = e.Listed
		}
	}
	return oldest
}
