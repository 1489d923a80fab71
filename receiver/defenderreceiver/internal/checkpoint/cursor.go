package checkpoint

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// version of the stored form. A later form is written beside this reader, not instead of it.
const version = 1

// Cursor is how far a table was read.
type Cursor struct {
	// TenantID whose table it is: another tenant's cursor must not be taken over.
	TenantID string
	// CompleteUntil: every row that arrived before it was delivered. It has 100 ns resolution.
	CompleteUntil time.Time
	// Delivered are the rows that arrived at CompleteUntil or later and were delivered.
	Delivered []Row
}

// Row is a row that was delivered.
type Row struct {
	UID uuid.UUID
	// Arrived is its place on the axis that the table is read along.
	Arrived time.Time
}

// rowSize is a row's length in storage: its id, and the 100 ns since 1970 of its arrival.
const rowSize = len(uuid.UUID{}) + 8

const tick = 100 * time.Nanosecond

// stored is a cursor's form in storage.
type stored struct {
	Version       int       `json:"version"`
	TenantID      string    `json:"tenant_id"`
	CompleteUntil time.Time `json:"complete_until"`
	Delivered     []byte    `json:"delivered,omitempty"` // rowSize bytes a row
}

func encode(c Cursor) ([]byte, error) {
	s := stored{Version: version, TenantID: c.TenantID, CompleteUntil: c.CompleteUntil.UTC()}
	s.Delivered = make([]byte, 0, len(c.Delivered)*rowSize)
	for _, row := range c.Delivered {
		s.Delivered = append(s.Delivered, row.UID[:]...)
		s.Delivered = binary.BigEndian.AppendUint64(s.Delivered, uint64(row.Arrived.UnixNano()/int64(tick))) //nolint:gosec // bits are kept
	}
	return json.Marshal(s)
}

var (
	errNoTime = errors.New("it has no complete_until")
	errLength = errors.New("the list of delivered rows is cut off")
)

func decode(data []byte) (Cursor, error) {
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return Cursor{}, err
	}
	if s.Version != version {
		return Cursor{}, fmt.Errorf("it is of version %d, and this release reads version %d", s.Version, version)
	}
	if s.CompleteUntil.IsZero() {
		return Cursor{}, errNoTime
	}
	if len(s.Delivered)%rowSize != 0 {
		return Cursor{}, errLength
	}
	c := Cursor{TenantID: s.TenantID, CompleteUntil: s.CompleteUntil.UTC()}
	for rest := s.Delivered; len(rest) > 0; rest = rest[rowSize:] {
		ticks := int64(binary.BigEndian.Uint64(rest[rowSize-8:])) //nolint:gosec // bits are kept
		c.Delivered = append(c.Delivered, Row{UID: uuid.UUID(rest[:16]), Arrived: time.Unix(0, ticks*int64(tick)).UTC()})
	}
	return c, nil
}
