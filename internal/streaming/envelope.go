package streaming

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// envelope is what has been read of one.
type envelope struct {
	time, tenantID, category string

	properties pcommon.Map
	hasRow     bool
}

// The members that count, in lower case; others (operationName, Tenant) say nothing of the row.
const (
	memberTime       = "time"
	memberTenantID   = "tenantid"
	memberCategory   = "category"
	memberProperties = "properties"
	memberRecords    = "records"
)

// member reads the value of a member. Errors are of the JSON only.
func (e *envelope) member(dec *jsontext.Decoder, name string) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	switch text := e.textMember(name); {
	case text != nil && value.Kind() == '"':
		*text = unquote(value)
	case strings.EqualFold(name, memberProperties):
		if value.Kind() == '"' {
			e.properties, e.hasRow = readText(unquote(value))
		} else {
			e.properties, e.hasRow = readColumns(value)
		}
	}
	return nil
}

// field takes a member that has been decoded.
func (e *envelope) field(name string, v pcommon.Value) {
	switch text := e.textMember(name); {
	case text != nil && v.Type() == pcommon.ValueTypeStr:
		*text = v.Str()
	case !strings.EqualFold(name, memberProperties):
	case v.Type() == pcommon.ValueTypeMap:
		e.properties, e.hasRow = pcommon.NewMap(), true
		v.Map().MoveTo(e.properties)
	case v.Type() == pcommon.ValueTypeStr:
		e.properties, e.hasRow = readText(v.Str())
	}
}

func (e *envelope) textMember(name string) *string {
	switch strings.ToLower(name) {
	case memberTime:
		return &e.time
	case memberTenantID:
		return &e.tenantID
	case memberCategory:
		return &e.category
	default:
		return nil
	}
}
