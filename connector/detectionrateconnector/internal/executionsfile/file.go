package executionsfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/object"
)

// File is a file of executions. It is used by one call at a time.
type File struct {
	path   string
	format execution.Format
	size   int64
	read   time.Time // the time of the file's last change that was read
}

// New returns a file that has not been read.
func New(path string, format execution.Format) *File { return &File{path: path, format: format} }

// Content is what a file holds.
type Content struct {
	Executions []execution.Execution
	// Malformed are lines that are no execution, Line is the first of them.
	Malformed, Line int
}

func (c *Content) add(found []execution.Execution, line int) {
	if len(found) == 0 {
		if c.Malformed == 0 {
			c.Line = line
		}
		c.Malformed++
	}
	c.Executions = append(c.Executions, found...)
}

// Read reads the file, if it has changed. A file that is not there is empty.
func (f *File) Read() (Content, error) {
	info, err := os.Stat(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return Content{}, nil
	}
	if err != nil {
		return Content{}, fmt.Errorf("'executions_file': %w", err)
	}
	if info.Size() == f.size && info.ModTime().Equal(f.read) {
		return Content{}, nil
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return Content{}, fmt.Errorf("'executions_file': %w", err)
	}
	c, err := f.parse(text)
	if err != nil {
		return c, fmt.Errorf("'executions_file': %s: %w", f.path, err)
	}
	f.size, f.read = info.Size(), info.ModTime()
	return c, nil
}

// Forget lets the next Read read the file whether or not it has changed.
func (f *File) Forget() { f.size, f.read = 0, time.Time{} }

func (f *File) parse(text []byte) (Content, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if strings.EqualFold(filepath.Ext(f.path), ".csv") {
		return f.parseCSV(text[:bytes.LastIndexByte(text, '\n')+1])
	}
	var c Content
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		o, ok := object.Parse(line)
		switch {
		case ok:
			c.add(f.format.OfObject(o, time.Time{}), n)
		case bytes.HasSuffix(line, []byte("\n")):
			c.add(nil, n)
		}
	}
	return c, nil
}

func (f *File) parseCSV(text []byte) (Content, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	names, err := r.Read()
	if errors.Is(err, io.EOF) {
		return Content{}, nil
	}
	if err != nil {
		return Content{}, err
	}
	var c Content
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		o := object.Object{}
		for i, value := range row[:min(len(row), len(names))] {
			o[strings.TrimSpace(names[i])] = value
		}
		line, _ := r.FieldPos(0)
		c.add(f.format.OfObject(o, time.Time{}), line)
	}
}
