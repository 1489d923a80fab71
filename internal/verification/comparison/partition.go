package comparison

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

const (
	partitions = 128
	bufferSize = 16 << 10
)

// partition is a file of entries.
type partition struct {
	file   *os.File
	buffer *bufio.Writer
	count  int64
}

func createPartitions(directory string) ([]*partition, error) {
	all := make([]*partition, 0, partitions)
	for i := range partitions {
		file, err := os.OpenFile(filepath.Join(directory, fmt.Sprintf("%03d", i)), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			return all, fmt.Errorf("create a temporary file: %w", err)
		}
		all = append(all, &partition{file: file, buffer: bufio.NewWriterSize(file, bufferSize)})
	}
	return all, nil
}

func (p *partition) add(e *entry, scratch []byte) error {
	p.count++
	if _, err := p.buffer.Write(e.append(scratch[:0])); err != nil {
		return fmt.Errorf("write a temporary file (64 bytes are needed for each event): %w", err)
	}
	return nil
}

// sorted are the entries, those of one event together. They stay valid until memory is used again.
func (p *partition) sorted(memory *[]byte) ([][]byte, error) {
	err := p.buffer.Flush()
	if err == nil {
		_, err = p.file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, fmt.Errorf("write a temporary file: %w", err)
	}
	size := int(p.count) * entrySize
	*memory = slices.Grow((*memory)[:0], size)[:size]
	if _, err := io.ReadFull(p.file, *memory); err != nil {
		return nil, fmt.Errorf("read a temporary file: %w", err)
	}
	entries := make([][]byte, 0, p.count)
	for entry := range slices.Chunk(*memory, entrySize) {
		entries = append(entries, entry)
	}
	slices.SortStableFunc(entries, compareEntries)
	return entries, nil
}

func closePartitions(all []*partition) error {
	var errs []error
	for _, p := range all {
		errs = append(errs, p.file.Close())
	}
	return errors.Join(errs...)
}
