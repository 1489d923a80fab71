package source

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/pivot"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// ContextRecords make and deliver the records of the context of alerts.
type ContextRecords struct {
	outlet  *delivery.Outlet
	tenant  string
	space   uuid.UUID // of the ids of records
	hashers map[string]*rowid.Hasher
	pending map[uuid.UUID]contextRecord
	counts  map[string]int // of pending, by alert
}

// contextRecord is what a record in the batch stands for: a row for an alert, or a summary.
type contextRecord struct {
	alert    string
	row      uuid.UUID
	table    string
	relation pivot.Relation
	summary  pivot.Summary
}

// NewContextRecords makes the records of a tenant.
func NewContextRecords(tenantID string, outlet *delivery.Outlet) *ContextRecords {
	space, err := uuid.Parse(tenantID)
	if err != nil {
		space = uuid.NewSHA1(uuid.NameSpaceDNS, []byte(strings.ToLower(tenantID)))
	}
	return &ContextRecords{
		outlet: outlet, tenant: tenantID, space: space, hashers: map[string]*rowid.Hasher{}, pending: map[uuid.UUID]contextRecord{}, counts: map[string]int{},
	}
}

// row is the id that a row has among the records of its table.
func (c *ContextRecords) row(table *tables.Table, body pcommon.Map) uuid.UUID {
	h := c.hashers[table.Name]
	if h == nil {
		h = rowid.New(c.tenant, table, query.InfoTimestamp)
		c.hashers[table.Name] = h
	}
	return h.UID(body)
}

// uid is the id of the record of a row for an alert. It differs from the row's own, so that a store that keeps one record of an
// id keeps both.
func (c *ContextRecords) uid(alert string, row uuid.UUID) uuid.UUID {
	return uuid.NewSHA1(c.space, []byte("alert_context\x00"+alert+"\x00"+row.String()))
}

func (c *ContextRecords) full() bool { return c.outlet.Full() }

func (c *ContextRecords) holds(id uuid.UUID) bool { return c.outlet.Holds(id) }

// underWay is how many rows of an alert are in the batch.
func (c *ContextRecords) underWay(alert string) int { return c.counts[alert] }

// add makes the record of a row for an alert, which holds a copy of the row, or only where it is.
func (c *ContextRecords) add(id, row uuid.UUID, hit pivot.Hit, table *tables.Table, body pcommon.Map, whole bool, observed time.Time) {
	content := pcommon.NewMap()
	stamp := query.Text(body, tables.TimestampColumn)
	if whole {
		body.CopyTo(content)
	} else {
		content.PutStr("alert_id", hit.Alert)
		content.PutStr("row_uid", row.String())
		content.PutStr("table", table.Name)
		content.PutStr(tables.TimestampColumn, stamp)
		content.PutStr("relation", string(hit.Relation))
	}
	at, readable := query.Time(stamp)
	record := c.outlet.Add(content, delivery.Row{UID: id, At: at, Timestamp: at, Readable: readable}, observed)
	record.SetEventName(logrecord.EventAlertContext)
	attributes := record.Attributes()
	attributes.PutStr(logrecord.AttributeAlertID, hit.Alert)
	if hit.Incident != "" {
		attributes.PutStr(logrecord.AttributeIncidentID, hit.Incident)
	}
	attributes.PutStr(logrecord.AttributeRelation, string(hit.Relation))
	attributes.PutStr(logrecord.AttributeRowTable, table.Name)
	attributes.PutStr(logrecord.AttributeRowUID, row.String())
	attributes.PutInt(logrecord.AttributeRound, int64(hit.Round))
	c.pending[id] = contextRecord{alert: hit.Alert, row: row, table: table.Name, relation: hit.Relation}
	c.counts[hit.Alert]++
}

// addSummary makes the record that says what was found for an alert.
func (c *ContextRecords) addSummary(s pivot.Summary, at, observed time.Time) {
	name := "alert_context_summary\x00" + s.Alert
	if s.Number > 1 {
		name += "\x00" + strconv.Itoa(s.Number)
	}
	id := uuid.NewSHA1(c.space, []byte(name))
	body := pcommon.NewMap()
	body.PutStr("alert_id", s.Alert)
	body.PutInt("number", int64(s.Number))
	body.PutInt("items", int64(s.Items))
	body.PutInt("rows", int64(s.Rows))
	body.PutBool("truncated", s.Truncated)
	body.PutInt("set_aside", int64(s.Aside))
	found := body.PutEmptyMap("tables")
	for table, relations := range s.Found {
		rows := found.PutEmptyMap(table)
		for relation, n := range relations {
			rows.PutInt(string(relation), int64(n))
		}
	}
	record := c.outlet.Add(body, delivery.Row{UID: id, At: at, Timestamp: at, Readable: true}, observed)
	record.SetEventName(logrecord.EventAlertContextSummary)
	record.Attributes().PutStr(logrecord.AttributeAlertID, s.Alert)
	if s.Incident != "" {
		record.Attributes().PutStr(logrecord.AttributeIncidentID, s.Incident)
	}
	c.pending[id] = contextRecord{summary: s}
}

// deliver hands the batch over. It returns what was taken, or refused for good.
func (c *ContextRecords) deliver(ctx context.Context) ([]contextRecord, error) {
	result, err := c.outlet.Deliver(ctx)
	var settled []contextRecord
	for i, row := range result.Rows {
		if result.Outcomes[i] != delivery.Held {
			settled = append(settled, c.pending[row.UID])
		}
	}
	clear(c.pending)
	clear(c.counts)
	return settled, err
}
