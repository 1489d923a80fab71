package ledger

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// BinWidth is the resolution of ledger and audit. It divides a day, so bins are Kusto's bin() too.
const BinWidth = 5 * time.Minute

// Bin is a range of BinWidth, counted from 1970.
type Bin int64

// Carried is the bin of rows whose time is not known: those read before the time basis of their table changed.
const Carried Bin = 0

// BinOf is the bin that t lies in.
func BinOf(t time.Time) Bin { return Bin(t.Unix() / int64(BinWidth/time.Second)) }

// Start is the first instant of b.
func (b Bin) Start() time.Time { return time.Unix(int64(b)*int64(BinWidth/time.Second), 0).UTC() }

// End is the first instant after b.
func (b Bin) End() time.Time { return b.Start().Add(BinWidth) }

func (b Bin) String() string { return strconv.FormatInt(int64(b), 10) }

// Rows are ids of rows, by bin.
type Rows map[Bin][]uuid.UUID

// Entry is what the ledger knows of a bin without reading its segments.
type Entry struct {
	Rows     int // ids in it
	Segments int // values in the storage
	// Counted is how many rows the service had in the bin when an audit last read it whole. It is more than Rows if the
	// service holds a row twice.
	Counted int
	// Refused is how many of Rows the pipeline refused for good. They are not delivered.
	Refused int
}

// segmentKey is where the n-th segment of a bin stands in the storage.
func segmentKey(tenantID, lane string, bin Bin, n int) string {
	return fmt.Sprintf("ledger/v1/%s/%s/%s/%d", tenantID, lane, bin, n)
}

// refusedKey is where the refused rows of a segment stand. A segment without any has no such value.
func refusedKey(tenantID, lane string, bin Bin, n int) string {
	return fmt.Sprintf("refused/v1/%s/%s/%s/%d", tenantID, lane, bin, n)
}

const idSize = len(uuid.UUID{})

func encodeSegment(ids []uuid.UUID) []byte {
	data := make([]byte, 0, len(ids)*idSize)
	for _, id := range ids {
		data = append(data, id[:]...)
	}
	return data
}

func decodeSegment(data []byte) ([]uuid.UUID, error) {
	if len(data)%idSize != 0 {
		return nil, fmt.Errorf("it has %d bytes, which is no number of ids", len(data))
	}
	ids := make([]uuid.UUID, 0, len(data)/idSize)
	for ; len(data) > 0; data = data[idSize:] {
		ids = append(ids, uuid.UUID(data[:idSize]))
	}
	return ids, nil
}
