package totalnormalizeprocessor

import (
	"bytes"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/streaming"
)

// Where other components leave the parts of an envelope whose properties they make the body.
var (
	categoryAttributes = []string{"category", "azure.category"}
	tenantAttributes   = []string{"tenantId", "azure.tenant.id"}
)

func isStreamed(record plog.LogRecord) bool {
	v, ok := record.Attributes().Get(logrecord.AttributeSource)
	return ok && v.Type() == pcommon.ValueTypeStr && v.Str() == logrecord.SourceStreamingAPI
}

// isUnpacked reports whether the record is what the receiver or the encoding extension emits.
func isUnpacked(record plog.LogRecord) bool {
	_, table := record.Attributes().Get(logrecord.AttributeTable)
	_, uid := record.Attributes().Get(logrecord.AttributeUID)
	return table && uid
}

// unpack makes a record of the Streaming API what the receiver would have made of its row: one whose
// body is an envelope, as map or as text, or the properties with the table beside. Every other record,
// and one of a table that gives no events, stays as it is.
func (n *normalizer) unpack(p *streaming.Parser, record plog.LogRecord, resource pcommon.Resource) {
	if isUnpacked(record) {
		return
	}
	r, ok := n.streamedRow(p, record, resource)
	if !ok || !n.knows(r.Table) {
		return
	}
	observed := record.ObservedTimestamp().AsTime()
	if record.ObservedTimestamp() == 0 {
		observed = n.now()
	}
	r.MoveTo(record, observed)
	if r.TenantID != "" {
		record.Attributes().PutStr(logrecord.AttributeTenantID, r.TenantID)
	}
}

func (n *normalizer) knows(table string) bool {
	_, ok := n.tables[table]
	return ok
}

func (n *normalizer) streamedRow(p *streaming.Parser, record plog.LogRecord, resource pcommon.Resource) (streaming.Row, bool) {
	body := record.Body()
	switch body.Type() {
	case pcommon.ValueTypeStr:
		return envelopeIn(p, []byte(body.Str()))
	case pcommon.ValueTypeBytes:
		return envelopeIn(p, body.Bytes().AsRaw())
	case pcommon.ValueTypeMap:
	default:
		return streaming.Row{}, false
	}
	if streaming.IsEnvelope(body.Map()) {
		category, _ := body.Map().Get("category")
		if table, _ := streaming.TableOf(category.Str()); !n.knows(table) {
			return streaming.Row{}, false
		}
		r, err := p.Map(body.Map())
		return r, err == nil
	}
	table := n.tableBeside(record)
	if table == "" {
		return streaming.Row{}, false
	}
	tenantID := firstAttribute(record.Attributes(), tenantAttributes)
	if tenantID == "" {
		tenantID = firstAttribute(resource.Attributes(), []string{logrecord.AttributeTenantID})
	}
	return p.Properties(tenantID, table, body.Map()), true
}

// tableBeside is the table of a record whose body is an envelope's properties.
func (n *normalizer) tableBeside(record plog.LogRecord) string {
	table, ok := streaming.TableOf(firstAttribute(record.Attributes(), categoryAttributes))
	if isStreamed(record) {
		table, ok = firstAttribute(record.Attributes(), []string{logrecord.AttributeTable}), true
	} else if _, is := record.Attributes().Get(logrecord.AttributeTable); is {
		return ""
	}
	if !ok || !n.knows(table) {
		return ""
	}
	return table
}

// envelopeIn reads text that looks like an envelope.
func envelopeIn(p *streaming.Parser, text []byte) (streaming.Row, bool) {
	text = bytes.TrimSpace(text)
	if !bytes.HasPrefix(text, []byte("{")) || !bytes.Contains(text, []byte(streaming.CategoryPrefix)) {
		return streaming.Row{}, false
	}
	r, err := p.JSON(text)
	return r, err == nil
}

func firstAttribute(attributes pcommon.Map, names []string) string {
	for _, name := range names {
		if v, ok := attributes.Get(name); ok && v.Type() == pcommon.ValueTypeStr && v.Str() != "" {
			return v.Str()
		}
	}
	return ""
}
