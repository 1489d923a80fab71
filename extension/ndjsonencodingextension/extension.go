package ndjsonencodingextension

import (
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/pdata/plog"
)

// encoding has no state, so that any number of exporters may share one instance without appends_to.
type encoding struct {
	component.StartFunc
	component.ShutdownFunc

	file *appended // nil: not known
}

var (
	_ extension.Extension = (*encoding)(nil)
	_ plog.Marshaler      = (*encoding)(nil)
)

// MarshalLogs returns the bodies of all records, in order, as JSON texts with a line feed between them and none at
// the end: the file exporter adds that one. It fails only if appends_to names a file that cannot be read, or that has to
// be written anew and cannot be; the exporter's caller then tries again.
func (e *encoding) MarshalLogs(logs plog.Logs) ([]byte, error) {
	if e.file == nil || logs.LogRecordCount() == 0 {
		return appendLines(nil, logs), nil
	}
	lineFeed, err := e.file.begin()
	if err != nil {
		return nil, err
	}
	var lines []byte
	if lineFeed {
		lines = append(lines, '\n')
	}
	lines = appendLines(lines, logs)
	if err := e.file.keep(lines); err != nil {
		return nil, err
	}
	return lines, nil
}

// appendLines appends the records' bodies.
func appendLines(lines []byte, logs plog.Logs) []byte {
	left := logs.LogRecordCount()
	first := len(lines)
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				start := len(lines)
				lines = appendValue(lines, record.Body())
				if left--; left == 0 {
					return lines
				}
				lines = append(lines, '\n')
				if start == first {
					// Records of one call are alike: the first one's size, and a quarter more, tells the room for all.
					size := len(lines)
					lines = slices.Grow(lines, left*(size+size/4))
				}
			}
		}
	}
	return lines
}
