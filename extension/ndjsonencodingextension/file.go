package ndjsonencodingextension

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

const (
	// glance is the time between two looks at a file that does not end with a line feed.
	glance = time.Millisecond
	// still is how many looks in a row find it unchanged before the line counts as cut off: the exporter writes a chunk
	// and its line feed one after the other, and may just be in between with another call's chunk.
	still = 20
)

// appended is the file that chunks are appended to.
type appended struct {
	path string
	wait func(time.Duration)
}

// cut reports whether the file ends in the middle of a line that nobody is going to end.
func (a appended) cut() (bool, error) {
	size, whole, err := a.end()
	for range still {
		if err != nil || whole {
			break
		}
		a.wait(glance)
		before := size
		if size, whole, err = a.end(); size != before {
			return a.cut() // it grows: look anew
		}
	}
	if err != nil {
		return false, fmt.Errorf("see whether %s ends with a whole line: %w", a.path, err)
	}
	return !whole, nil
}

// end is the size of the file, and whether it ends with a line feed. One that is empty or missing does.
func (a appended) end() (size int64, whole bool, err error) {
	file, err := os.Open(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, true, nil
	}
	if err != nil {
		return 0, false, err
	}
	defer file.Close()
	if size, err = file.Seek(0, io.SeekEnd); err != nil || size == 0 {
		return size, true, err
	}
	var last [1]byte
	_, err = file.ReadAt(last[:], size-1)
	return size, last[0] == '\n', err
}
