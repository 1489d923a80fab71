package graphalert

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Row is an item of evidence as a row of Alerts.
type Row struct {
	Columns pcommon.Map
	// Time is when the item was attached to the alert; zero: the alert does not say.
	Time time.Time
	// ID is the same in each version of the alert in which the row says the same.
	ID uuid.UUID
}

// Rows are the rows of a tenant's alert. odd is how many items of its evidence are no objects; an alert without any
// evidence has one of them.
func Rows(body pcommon.Map, tenantID string) (rows []Row, odd int) {
	list, ok := at(body, "evidence")
	if !ok || list.Type() != pcommon.ValueTypeSlice || list.Slice().Len() == 0 {
		return nil, 1
	}
	a := newAlert(body, list.Slice(), tenantID)
	seen := map[uuid.UUID]bool{}
	for _, v := range list.Slice().All() {
		if v.Type() != pcommon.ValueTypeMap {
			odd++
			continue
		}
		if r := a.row(v.Map()); !seen[r.ID] {
			seen[r.ID] = true
			rows = append(rows, r)
		}
	}
	return rows, odd
}

// alert is what all rows of an alert share.
type alert struct {
	body     pcommon.Map
	tenantID string
	columns  pcommon.Map
	users    users
	// names are those of its devices, by id.
	names map[string]string
}

func newAlert(body pcommon.Map, evidence pcommon.Slice, tenantID string) alert {
	a := alert{body: body, tenantID: tenantID, columns: pcommon.NewMap(), users: usersIn(evidence), names: map[string]string{}}
	a.put("AlertId", "id")
	a.put("Title", "title")
	a.putWord("Severity", "severity", severities)
	a.putCategory()
	a.putWord("ServiceSource", "serviceSource", services)
	a.putWord("DetectionSource", "detectionSource", detections)
	a.putTechniques()
	for _, v := range evidence.All() {
		if v.Type() != pcommon.ValueTypeMap {
			continue
		}
		if id := textAt(v.Map(), "mdeDeviceId"); id != "" && typeOf(v.Map()) == deviceEvidence {
			a.names[strings.ToLower(id)] = deviceName(v.Map())
		}
	}
	return a
}

// put takes a value to a column as it came.
func (a alert) put(column, key string) { putValue(a.columns, column, a.body, key) }

// putWord takes a word of Graph to a column as the tables write it. A word that is not known stays as it is.
func (a alert) putWord(column, key string, words map[string]string) {
	if word, ok := words[textAt(a.body, key)]; ok {
		a.columns.PutStr(column, word)
		return
	}
	a.put(column, key)
}

func (a alert) putCategory() {
	a.put("Category", "category")
	if _, ok := a.columns.Get("Category"); ok {
		return
	}
	if all := strings.Join(textsAt(a.body, "categories"), ", "); all != "" {
		a.columns.PutStr("Category", all)
	}
}

// putTechniques writes the list as the tables do, as JSON text. Graph has the ids alone.
func (a alert) putTechniques() {
	if ids, ok := at(a.body, "mitreTechniques"); ok && ids.Type() == pcommon.ValueTypeSlice {
		if ids.Slice().Len() > 0 {
			a.columns.PutStr("AttackTechniques", ids.AsString())
		}
		return
	}
	a.put("AttackTechniques", "mitreTechniques")
}

// row reads an item of the evidence.
func (a alert) row(item pcommon.Map) Row {
	columns := pcommon.NewMap()
	a.columns.CopyTo(columns)
	e := evidence{item: item, columns: columns, kind: typeOf(item)}
	e.describe()
	id := newIdentity(a.tenantID, a.columns, a.users, e)
	e.putAccount()
	if _, ok := columns.Get("DeviceName"); !ok {
		if name := a.names[strings.ToLower(textAt(columns, "DeviceId"))]; name != "" {
			columns.PutStr("DeviceName", name)
		}
	}
	if e.account.UPN == "" {
		a.users.copyTo(columns)
	}
	text, when := a.timeOf(item)
	if text != "" {
		columns.PutStr(tables.TimestampColumn, text)
	}
	return Row{Columns: columns, Time: when, ID: id.sum()}
}

// timeOf is when an item was attached, else when the alert came into being.
func (a alert) timeOf(item pcommon.Map) (string, time.Time) {
	for _, text := range []string{textAt(item, createdKey), textAt(a.body, createdKey), textAt(a.body, "firstActivityDateTime")} {
		if when, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return text, when
		}
	}
	return "", time.Time{}
}
