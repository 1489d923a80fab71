package streaming

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// CategoryPrefix begins the category of every envelope; the table's name follows.
const CategoryPrefix = "AdvancedHunting-"

var (
	errNotObject    = errors.New("it is no JSON object")
	errNoCategory   = errors.New("it has no 'category': it is no envelope of the Streaming API")
	errNoProperties = errors.New("its 'properties' is no JSON object, so there is no row")
	errTrailing     = errors.New("something follows its end")
)

// Parser reads single envelopes. Its zero value is ready. It is not safe for concurrent use.
type Parser struct {
	hashers map[hasherKey]*rowid.Hasher
}

type hasherKey struct{ tenantID, table string }

// JSON reads an envelope that is written as JSON.
func (p *Parser) JSON(text []byte) (Row, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(text), decodeOptions()...)
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return Row{}, errors.Join(errNotObject, err)
	}
	e := envelope{}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return Row{}, err
		}
		if err := e.member(dec, name.String()); err != nil {
			return Row{}, err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return Row{}, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return Row{}, errTrailing
	}
	return p.row(e)
}

// Map reads an envelope that has been decoded. Its properties are moved where they are a map.
func (p *Parser) Map(m pcommon.Map) (Row, error) {
	e := envelope{}
	for name, v := range m.All() {
		e.field(name, v)
	}
	return p.row(e)
}

// Properties reads a row that came without its envelope. The columns are moved.
func (p *Parser) Properties(tenantID, table string, columns pcommon.Map) Row {
	moved := pcommon.NewMap()
	columns.MoveTo(moved)
	return p.typed(Row{TenantID: tenantID, Table: table, Columns: moved})
}

// IsEnvelope reports whether m looks like an envelope rather than a row.
func IsEnvelope(m pcommon.Map) bool {
	category, ok := m.Get("category")
	if !ok || category.Type() != pcommon.ValueTypeStr {
		return false
	}
	_, properties := m.Get("properties")
	_, ok = TableOf(category.Str())
	return ok && properties
}

// TableOf is the table that a category names.
func TableOf(category string) (string, bool) {
	if len(category) <= len(CategoryPrefix) || !strings.EqualFold(category[:len(CategoryPrefix)], CategoryPrefix) {
		return "", false
	}
	return category[len(CategoryPrefix):], true
}

func (p *Parser) row(e envelope) (Row, error) {
	if e.category == "" {
		return Row{}, errNoCategory
	}
	table, ok := TableOf(e.category)
	if !ok {
		const shown = 64
		return Row{}, fmt.Errorf("its category %.*q is not of the Streaming API: they begin with %s", shown, e.category, CategoryPrefix)
	}
	if !e.hasRow {
		return Row{}, errNoProperties
	}
	received, _ := parseTime(e.time)
	return p.typed(Row{TenantID: e.tenantID, Table: table, Columns: e.properties, Received: received}), nil
}

// typed gives the columns their types, and the row what follows from them.
func (p *Parser) typed(r Row) Row {
	conform(r.Columns, schemaOf(r.Table))
	if v, ok := r.Columns.Get(tables.TimestampColumn); ok && v.Type() == pcommon.ValueTypeStr {
		r.Timestamp, _ = parseTime(v.Str())
	}
	r.UID = p.uid(r)
	return r
}

func (p *Parser) uid(r Row) uuid.UUID {
	key := hasherKey{r.TenantID, r.Table}
	if h, ok := p.hashers[key]; ok {
		return h.UID(r.Columns)
	}
	declared := tables.Named(r.Table)
	if r.Table == alertEvidence {
		declared, _ = tables.ByName("Alerts")
	}
	const enough = 256 // a tenant has no more tables; many tenants may come
	if p.hashers == nil || len(p.hashers) >= enough {
		p.hashers = map[hasherKey]*rowid.Hasher{}
	}
	h := rowid.New(r.TenantID, declared)
	p.hashers[key] = h
	return h.UID(r.Columns)
}

const alertEvidence = "AlertEvidence"
