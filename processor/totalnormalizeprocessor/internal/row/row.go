package row

import (
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Row is one row of a hunting table.
type Row struct {
	Table   *tables.Table
	Columns pcommon.Map
	Time    time.Time

	fields *fields
}

// New reads a map of columns as a row of a table.
func New(table *tables.Table, columns pcommon.Map, at time.Time) Row {
	return Row{Table: table, Columns: columns, Time: at, fields: &fields{}}
}

// Text is the column as text; empty where the row has no scalar there.
func (r Row) Text(column string) string {
	if column == "" {
		return ""
	}
	v, ok := r.Columns.Get(column)
	if !ok {
		return ""
	}
	return Text(v)
}

// Text is a scalar as text, whole numbers without exponent.
func Text(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return v.Str()
	case pcommon.ValueTypeInt:
		return strconv.FormatInt(v.Int(), 10)
	case pcommon.ValueTypeDouble:
		return strconv.FormatFloat(v.Double(), 'f', -1, 64)
	case pcommon.ValueTypeBool:
		return strconv.FormatBool(v.Bool())
	default:
		return ""
	}
}

// Content is a column as text, of JSON its text; empty where the column is empty.
func (r Row) Content(column string) string {
	v, ok := r.Columns.Get(column)
	if !ok || IsEmpty(v, HoldsJSON(r.Table, column)) {
		return ""
	}
	return v.AsString()
}

// HoldsJSON reports whether a column of a table is JSON, as text or as it is.
func HoldsJSON(t *tables.Table, column string) bool {
	c, _ := t.Column(column)
	return c.Type == tables.JSON || c.Type == tables.Dynamic
}

// IsRemote reports whether a file event came over the network.
func (r Row) IsRemote() bool { return IsRemoteProtocol(r.Text(RequestProtocolColumn)) }

// RequestProtocolColumn tells by which protocol a file was asked for.
const RequestProtocolColumn = "RequestProtocol"

// IsRemoteProtocol reports whether a file event with this RequestProtocol came over the network.
func IsRemoteProtocol(protocol string) bool {
	protocol = strings.TrimSpace(protocol)
	return protocol != "" && !strings.EqualFold(protocol, "Local")
}

// Account is the account that these columns name.
func (r Row) Account(columns tables.Account) accounts.Account {
	return accounts.Account{
		Domain: r.Text(columns.Domain), Name: r.Text(columns.Name), SID: r.Text(columns.SID),
		UPN: r.Text(columns.UPN), ObjectID: r.Text(columns.ObjectID),
	}.Clean()
}

// First is the first text that is not empty.
func First(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// fields is what is parsed once for a row: the object in AdditionalFields, and the accounts in AlertUsers.
type fields struct {
	document document
	parsed   bool
	found    bool
	object   node

	list   document
	listed bool
	users  []accounts.Account
}

// forget lets go of the row. Room for ordinary texts is kept.
func (f *fields) forget() {
	const most = 4 << 10
	f.document.forget(most)
	f.list.forget(most)
	clear(f.users[:cap(f.users)])
	f.users, f.object, f.parsed, f.listed = f.users[:0], node{}, false, false
}
