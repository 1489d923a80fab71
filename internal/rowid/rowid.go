package rowid

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"strings"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Hasher makes the ids of one table's rows. It is not safe for concurrent use.
type Hasher struct {
	prefix   []byte
	identity []tables.Column
	whole    []tables.Column
	extra    []string
	any      *tables.Schema // of a table that is read whole: what is known of its columns; else nil

	digest hash.Hash
	buf    []byte
}

// New returns a Hasher of a tenant's table. Extra columns, which are not the service's, are hashed
// where the whole row is.
func New(tenantID string, table *tables.Table, extra ...string) *Hasher {
	h := &Hasher{whole: table.Columns(), extra: extra, digest: sha256.New()}
	h.prefix = appendText(h.prefix, strings.ToLower(tenantID))
	h.prefix = appendText(h.prefix, table.Name)
	if table.Kind == tables.Passed {
		h.any = table.Schema
	}
	for _, name := range table.Identity {
		column, _ := table.Column(name)
		h.identity = append(h.identity, column)
	}
	return h
}

// UID is the id of a row, given as the map of its columns.
func (h *Hasher) UID(row pcommon.Map) uuid.UUID {
	buf := h.buf[:0]
	buf = append(buf, h.prefix...)
	if h.identified(row) {
		for _, c := range h.identity {
			buf = appendColumn(buf, row, c)
		}
	} else {
		buf = append(buf, "row"...)
		for _, c := range h.columns(row) {
			buf = appendColumn(buf, row, c)
		}
		for _, name := range h.extra {
			buf = appendColumn(buf, row, tables.Column{Name: name, Type: tables.DateTime})
		}
	}
	h.buf = buf
	h.digest.Reset()
	h.digest.Write(buf)
	var sum [sha256.Size]byte
	return toUUID(h.digest.Sum(sum[:0]))
}

// columns are those that tell a row apart by all that it says.
func (h *Hasher) columns(row pcommon.Map) []tables.Column {
	if h.any == nil {
		return h.whole
	}
	columns := make([]tables.Column, 0, row.Len())
	for name, v := range row.All() {
		column, declared := h.any.Column(name)
		if !declared {
			column = tables.Column{Name: name, Type: typeOf(v)}
		}
		columns = append(columns, column)
	}
	slices.SortFunc(columns, func(a, b tables.Column) int { return strings.Compare(a.Name, b.Name) })
	return columns
}

// identified reports whether the identity columns can tell the row apart: an empty ReportId cannot.
func (h *Hasher) identified(row pcommon.Map) bool {
	if len(h.identity) == 0 {
		return false
	}
	v, ok := row.Get(tables.ReportIDColumn)
	return ok && !isEmpty(v)
}

// toUUID marks 16 bytes of a digest as a UUID of version 8, which is for ids of one's own making.
func toUUID(sum []byte) uuid.UUID {
	var id uuid.UUID
	copy(id[:], sum)
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// appendColumn writes name and canonical value, each with its length, so that no two rows write the
// same bytes. An empty value writes nothing.
func appendColumn(buf []byte, row pcommon.Map, c tables.Column) []byte {
	v, ok := row.Get(c.Name)
	if !ok || isEmpty(v) {
		return buf
	}
	buf = appendText(buf, c.Name)
	length := len(buf)
	buf = append(buf, 0, 0, 0, 0)
	buf = appendCanonical(buf, v, c.Type)
	binary.BigEndian.PutUint32(buf[length:], uint32(len(buf)-length-4)) //nolint:gosec // a row is far below 4 GiB
	return buf
}

func appendText(buf []byte, text string) []byte {
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(text))) //nolint:gosec // a row is far below 4 GiB
	return append(buf, text...)
}
