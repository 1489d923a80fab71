package defenderreceiver

import (
	"fmt"
	"os"
	"path/filepath"

	"go.opentelemetry.io/collector/pdata/plog"
)

// deadLetters keeps the records that the pipeline refused for good: one file a table, one line of
// OTLP JSON a refused batch. A nil deadLetters keeps none.
type deadLetters struct{ directory string }

// newDeadLetters makes the directory, so that a wrong one is told at start and not at the first loss.
func newDeadLetters(directory string) (*deadLetters, error) {
	if directory == "" {
		return nil, nil
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("'dead_letter::directory': %w", err)
	}
	return &deadLetters{directory}, nil
}

// add appends a batch and returns once it is on disk.
func (d *deadLetters) add(table string, logs plog.Logs) error {
	if d == nil {
		return nil
	}
	line, err := new(plog.JSONMarshaler).MarshalLogs(logs)
	if err != nil {
		return fmt.Errorf("encode refused rows of %s: %w", table, err)
	}
	file, err := os.OpenFile(filepath.Join(d.directory, table+".ndjson"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keep refused rows of %s: %w", table, err)
	}
	_, err = file.Write(append(line, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("keep refused rows of %s: %w", table, err)
	}
	return nil
}
