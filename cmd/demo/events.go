package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// eventTypes are those of TOTAL, in the order of the report.
var eventTypes = []string{"AUTH", "ENDPOINT", "NETWORK", "DATA_ACCESS", "ALERT"}

// eventCounts is what the event file has held so far.
type eventCounts struct {
	total  int
	byType map[string]int
	people map[string]struct{} // by tuid
	newest time.Time           // the newest event time
	sample []byte              // one event: the newest logon, or any
}

// eventFile counts the events of a file that another process appends to and may rotate.
type eventFile struct {
	path    string
	counts  eventCounts
	file    *os.File
	reader  *bufio.Reader
	partial []byte // a line whose end is not written yet
}

func newEventFile(path string) *eventFile {
	return &eventFile{path: path, counts: eventCounts{byType: map[string]int{}, people: map[string]struct{}{}}}
}

// read counts what has been appended since the last call. A file that does not exist yet is empty.
func (f *eventFile) read() error {
	for {
		if f.file == nil {
			file, err := os.Open(f.path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("open the events: %w", err)
			}
			f.file, f.reader = file, bufio.NewReaderSize(file, 1<<20)
		}
		rotated, err := f.isRotated()
		if err != nil {
			return err
		}
		// What was appended before the rotation is still in the file at hand, so it is read after the check.
		if err := f.readLines(); err != nil {
			return err
		}
		if !rotated {
			return nil
		}
		f.close()
	}
}

func (f *eventFile) isRotated() (bool, error) {
	opened, err := f.file.Stat()
	if err != nil {
		return false, fmt.Errorf("look at the events: %w", err)
	}
	current, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // renamed, its successor is not there yet
	}
	if err != nil {
		return false, fmt.Errorf("look at the events: %w", err)
	}
	return !os.SameFile(opened, current), nil
}

func (f *eventFile) readLines() error {
	for {
		line, err := f.reader.ReadBytes('\n')
		f.partial = append(f.partial, line...)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the events: %w", err)
		}
		if err := f.counts.add(bytes.TrimSpace(f.partial)); err != nil {
			return err
		}
		f.partial = f.partial[:0]
	}
}

func (f *eventFile) close() {
	if f.file != nil {
		_ = f.file.Close()
		f.file, f.reader = nil, nil
	}
}

func (c *eventCounts) add(line []byte) error {
	if len(line) == 0 {
		return nil // the line feed that a rotation has cut off
	}
	var event struct {
		Type      string `json:"event_type"`
		TUID      string `json:"tuid"`
		Timestamp string `json:"timestamp"`
	}
	if err := json.Unmarshal(line, &event); err != nil {
		return fmt.Errorf("the file holds a line that is no TOTAL event: %w: %.200s", err, line)
	}
	c.total++
	c.byType[event.Type]++
	c.people[event.TUID] = struct{}{}
	if event.Type == eventTypes[0] || c.sample == nil {
		c.sample = bytes.Clone(line)
	}
	if at, err := time.Parse(time.RFC3339, event.Timestamp); err == nil && at.After(c.newest) {
		c.newest = at
	}
	return nil
}
