package destination

import (
	"bytes"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/verification/event"
)

// payloads reads the events of lines, messages and requests.
type payloads struct {
	parser    event.Parser
	otlpJSON  plog.JSONUnmarshaler
	otlpProto plog.ProtoUnmarshaler
}

var otlpRequest = []byte(`{"resourceLogs"`)

// read gives the events of a payload to take, and what is no event to refuse. The error is take's.
func (p *payloads) read(payload []byte, take func(event.Event) error, refuse func(error)) error {
	trimmed := bytes.TrimSpace(payload)
	switch {
	case len(trimmed) == 0:
		return nil
	case bytes.HasPrefix(trimmed, otlpRequest):
		logs, err := p.otlpJSON.UnmarshalLogs(trimmed)
		if err != nil {
			refuse(fmt.Errorf("it is no OTLP request: %w", err))
			return nil
		}
		return records(logs, take, refuse)
	case trimmed[0] == '{':
		return p.lines(trimmed, take, refuse)
	default:
		logs, err := p.otlpProto.UnmarshalLogs(payload)
		if err != nil {
			refuse(fmt.Errorf("it is neither JSON nor an OTLP request: %w", err))
			return nil
		}
		return records(logs, take, refuse)
	}
}

func (p *payloads) lines(payload []byte, take func(event.Event) error, refuse func(error)) error {
	for line := range bytes.SplitSeq(payload, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		e, err := p.parser.Parse(line)
		if err != nil {
			refuse(err)
			continue
		}
		if err := take(e); err != nil {
			return err
		}
	}
	return nil
}

func records(logs plog.Logs, take func(event.Event) error, refuse func(error)) error {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				e, err := event.Of(record.Body())
				if err != nil {
					refuse(err)
					continue
				}
				if err := take(e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
