package defenderstreamingencodingextension

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/streaming"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// attributeDecodeError says why a record is not a row.
const attributeDecodeError = "microsoft.defender.decode_error"

// message is what has been read of one.
type message struct {
	text     []byte
	observed time.Time

	logs       plog.Logs
	byTenant   map[string]plog.LogRecordSlice
	rows       int64
	undecoded  int64
	firstError error
}

func readMessage(text []byte, observed time.Time) *message {
	m := &message{text: text, observed: observed, logs: plog.NewLogs(), byTenant: map[string]plog.LogRecordSlice{}}
	decoder := streaming.NewDecoder(bytes.NewReader(text))
	for row, err := decoder.Next(); !atEnd(err); {
		var bad *streaming.RecordError
		switch {
		case err == nil:
			row.MoveTo(m.recordsOf(row.TenantID).AppendEmpty(), observed)
			m.rows++
			row, err = decoder.Next()
		case errors.As(err, &bad):
			behind := decoder.Offset()
			row, err = decoder.Next()
			m.passOn(m.between(bad.Offset, behind, atEnd(err)), bad)
		default:
			// The decoder has no other error for a text in memory; should it get one, the rest is handed on.
			m.passOn(m.between(decoder.Offset(), 0, true), err)
			return m
		}
	}
	return m
}

// atEnd: the error of a record that is cut off wraps io.EOF too.
func atEnd(err error) bool {
	var bad *streaming.RecordError
	return errors.Is(err, io.EOF) && !errors.As(err, &bad)
}

// between is the text of a bad record. Where nothing follows and it is no JSON, only the end of the message bounds it.
func (m *message) between(from, behind int64, last bool) []byte {
	end := int64(len(m.text))
	from = min(from, end)
	behind = min(max(behind, from), end)
	if text := m.text[from:behind]; !last || isJSON(text) {
		return text
	}
	return m.text[from:]
}

func isJSON(text []byte) bool {
	return jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// passOn makes a record of what could not be decoded.
func (m *message) passOn(text []byte, reason error) {
	m.undecoded++
	if m.firstError == nil {
		m.firstError = reason
	}
	text = bytes.TrimRight(text, " \t\r\n,")
	record := m.recordsOf("").AppendEmpty()
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(m.observed))
	if utf8.Valid(text) {
		record.Body().SetStr(string(text))
	} else {
		// As text it would lose what is not UTF-8, or make protobuf readers refuse the batch.
		record.Body().SetEmptyBytes().FromRaw(text)
	}
	// The same text has the same id, so that a message which comes again can be told.
	record.Attributes().PutStr(tables.AttributeUID, uuid.NewHash(sha256.New(), uuid.Nil, text, 8).String())
	record.Attributes().PutStr(tables.AttributeSource, tables.SourceStreamingAPI)
	record.Attributes().PutStr(attributeDecodeError, reason.Error())
}

// recordsOf are the records of a tenant; of none, where it is not known.
func (m *message) recordsOf(tenantID string) plog.LogRecordSlice {
	records, ok := m.byTenant[tenantID]
	if !ok {
		resource := m.logs.ResourceLogs().AppendEmpty()
		if tenantID != "" {
			resource.Resource().Attributes().PutStr(tables.AttributeTenantID, tenantID)
		}
		records = resource.ScopeLogs().AppendEmpty().LogRecords()
		m.byTenant[tenantID] = records
	}
	return records
}
