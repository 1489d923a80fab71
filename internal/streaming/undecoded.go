package streaming

import (
	"bytes"
	"crypto/sha256"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

// Undecoded is a text that is no row.
type Undecoded struct {
	Text []byte
	// UID is the same for the same text, so that one which comes again can be told.
	UID uuid.UUID
	Err error // why it is none
}

// NewUndecoded is of a text as it came. Blanks and separators at its end are left out.
func NewUndecoded(text []byte, why error) Undecoded {
	text = bytes.TrimRight(text, " \t\r\n,")
	return Undecoded{Text: text, UID: uuid.NewHash(sha256.New(), uuid.Nil, text, 8), Err: why}
}

// Fill makes record hand the text on. Attributes that record has stay.
func (u Undecoded) Fill(record plog.LogRecord, observed time.Time) {
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(observed))
	if utf8.Valid(u.Text) {
		record.Body().SetStr(string(u.Text))
	} else {
		// As text it would lose what is not UTF-8, or make protobuf readers refuse the batch.
		record.Body().SetEmptyBytes().FromRaw(u.Text)
	}
	record.Attributes().PutStr(logrecord.AttributeUID, u.UID.String())
	record.Attributes().PutStr(logrecord.AttributeSource, logrecord.SourceStreamingAPI)
	record.Attributes().PutStr(logrecord.AttributeDecodeError, u.Err.Error())
}
