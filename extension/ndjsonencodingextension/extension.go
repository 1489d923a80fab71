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
// the end: the file exporter adds that one. It fails only if appends_to names a file that cannot be read.
func (e *encoding) MarshalLogs(logs plog.Logs) ([]byte, error) {
	var lines []byte
	left := logs.LogRecordCount()
	if e.file != nil && left > 0 {
		cut, err := e.file.cut()
		if err != nil {
			return nil, err
		}
		if cut {
			lines = append(lines, '\n')
		}
	}
	first := len(lines)
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				start := len(lines)
				lines = appendValue(lines, record.Body())
				if left--; left == 0 {
					return lines, nil
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
	return lines, nil
}
