package totalnormalizeprocessor

import (
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// row is one row of a hunting table.
type row struct {
	plan    *plan
	columns pcommon.Map
	time    time.Time
	source  string // platform_event_source
	alone   bool   // alert evidence without AlertInfo
}

// rowOf reads a record as a row. A record without the table's attribute, of an unknown table or
// without columns is none.
func (n *normalizer) rowOf(record plog.LogRecord) (row, bool) {
	name, ok := record.Attributes().Get(tables.AttributeTable)
	if !ok || name.Type() != pcommon.ValueTypeStr || record.Body().Type() != pcommon.ValueTypeMap {
		return row{}, false
	}
	p, ok := n.plans[name.Str()]
	r := row{
		plan: p, columns: record.Body().Map(), time: record.Timestamp().AsTime(), source: sourceHunting,
		alone: name.Str() == tableAlertEvidence,
	}
	if isStreamed(record) {
		r.source = sourceStreaming
	}
	return r, ok
}

// text is the column as text; empty where the row has no scalar there.
func (r row) text(column string) string {
	if column == "" {
		return ""
	}
	v, ok := r.columns.Get(column)
	if !ok {
		return ""
	}
	return text(v)
}

// text is a scalar as text, whole numbers without exponent.
func text(v pcommon.Value) string {
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

// accounts are the row's accounts in acting order, empty ones left out. What two accounts of the row
// say of the same SID or the same name is put together: a logon row has the UPN only on the
// initiating process's side, an alert's evidence perhaps only among the alert's users.
func (r row) accounts() []accounts.Account {
	remote := r.isRemote()
	list := make([]accounts.Account, 0, len(r.plan.table.Accounts))
	for _, columns := range r.plan.table.Accounts {
		if columns.RemoteOnly && !remote {
			continue
		}
		if a := r.account(columns); !a.IsEmpty() {
			list = append(list, a)
		}
	}
	known := list
	if len(list) > 0 && r.plan.table.Kind == tables.Alerts {
		known = append(known, accounts.Persons(r.alertUsers())...)
	}
	for i := range list {
		for _, other := range known {
			if list[i].SameAs(other) {
				list[i] = list[i].Merge(other)
			}
		}
	}
	return list
}

func (r row) account(columns tables.Account) accounts.Account {
	return accounts.Account{
		Domain: r.text(columns.Domain), Name: r.text(columns.Name), SID: r.text(columns.SID),
		UPN: r.text(columns.UPN), ObjectID: r.text(columns.ObjectID),
	}.Clean()
}

// isRemote reports whether a file event came over the network.
func (r row) isRemote() bool {
	protocol := r.text("RequestProtocol")
	return protocol != "" && !strings.EqualFold(protocol, "Local")
}

// isInbound reports whether the row tells of a connection from elsewhere, which is no act of the
// person at this device.
func (r row) isInbound() bool {
	const inbound = "Inbound"
	action := r.text("ActionType")
	return r.plan.event.Type == "NETWORK" && len(action) >= len(inbound) && strings.EqualFold(action[:len(inbound)], inbound)
}
