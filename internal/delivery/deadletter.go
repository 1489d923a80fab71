package delivery

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"go.opentelemetry.io/collector/pdata/plog"
)

// DeadLetters keeps the records that the pipeline refused for good: one file a table, and on each line one request of
// OTLP/HTTP in JSON, with one record.
type DeadLetters struct {
	directory string
	mu        sync.Mutex // held while a line is written: both lanes of a table have the same file
}

// OpenDeadLetters makes the directory, so that a wrong one is told at start and not at the first loss. Without a
// directory there are none.
func OpenDeadLetters(directory string) (*DeadLetters, error) {
	if directory == "" {
		return nil, nil
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("'dead_letter::directory': %w", err)
	}
	return &DeadLetters{directory: directory}, nil
}

// add appends a request and returns once it is on disk.
func (d *DeadLetters) add(table string, logs plog.Logs) error {
	line, err := new(plog.JSONMarshaler).MarshalLogs(logs)
	if err != nil {
		return fmt.Errorf("encode refused rows of %s: %w", table, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	file, err := os.OpenFile(filepath.Join(d.directory, table+".ndjson"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keep refused rows of %s: %w", table, err)
	}
	err = appendLine(file, line)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("keep refused rows of %s: %w", table, err)
	}
	return nil
}

// appendLine writes a whole line or none: a full disk takes a part of it, and the next line would continue that part.
func appendLine(file *os.File, line []byte) error {
	before, err := file.Stat()
	if err != nil {
		return err
	}
	if _, err = file.Write(append(line, '\n')); err == nil {
		err = file.Sync()
	}
	if err != nil {
		_ = file.Truncate(before.Size()) // the write's error says more
	}
	return err
}
