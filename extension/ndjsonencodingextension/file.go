package ndjsonencodingextension

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// glance is the time between two looks at a file that does not end with a line feed.
	glance = time.Millisecond
	// still is how many looks in a row find it unchanged before the line counts as cut off: the exporter writes a chunk
	// and its line feed one after the other, and may just be in between with another call's chunk.
	still = 20
)

// newFileMode is the mode that the file exporter gives to a file.
const newFileMode fs.FileMode = 0o640

// appended is the file that chunks are appended to. The exporter opens it once and then writes to what it has open, whatever
// the path names by then. So each chunk begins with a look at the path: as long as the exporter has another file open, its
// chunks are also written to a file of that path. The exporter gets them all the same, for it begins a new file by how much
// it has written.
type appended struct {
	path   string
	wait   func(time.Duration)
	logger *zap.Logger

	mu    sync.Mutex
	known fs.FileInfo // what the path named when the exporter opened it
	size  int64       // of it, when it was last looked at
	lost  bool        // the exporter writes to known, and the path does not name it
}

// begin looks at the file before a chunk, and says whether the chunk must begin with a line feed.
func (a *appended) begin() (lineFeed bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	truncated, err := a.look()
	if err != nil {
		return false, fmt.Errorf("see whether %s is the file that is written to: %w", a.path, err)
	}
	cut, err := a.cut()
	return cut || truncated, err
}

// look finds out which file the path names, and whether it is shorter than it was.
func (a *appended) look() (truncated bool, err error) {
	now, err := os.Stat(a.path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return false, err
	}
	same := !missing && a.known != nil && os.SameFile(a.known, now)
	if !same && a.known != nil && writes(a.known) {
		a.tellLost(true)
		return false, nil
	}
	a.tellLost(false)
	if missing {
		// The exporter finds this file, so that it is known from the first chunk on.
		if now, err = createEmpty(a.path); err != nil || now == nil {
			return false, err
		}
	}
	truncated = same && now.Size() < a.size
	a.known, a.size = now, now.Size()
	return truncated, nil
}

// tellLost logs that the exporter's file has lost its name, and that it has one again.
func (a *appended) tellLost(lost bool) {
	switch {
	case lost && !a.lost:
		a.logger.Warn("The output file was removed, renamed or replaced while the file exporter has it open; its events are written to "+
			"a new file of that name until the exporter rotates or restarts. Let the exporter rotate its files itself", zap.String("path", a.path))
	case !lost && a.lost:
		a.logger.Info("The file exporter writes to the file of its path again", zap.String("path", a.path))
	}
	a.lost = lost
}

// createEmpty makes an empty file, unless there is one or there is no folder for it: the exporter makes that.
func createEmpty(path string) (fs.FileInfo, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, newFileMode)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, fs.ErrExist):
		return os.Stat(path)
	case err != nil:
		return nil, err
	}
	defer file.Close()
	return file.Stat()
}

// keep writes a chunk to the file of the path while the exporter has another one open.
func (a *appended) keep(chunk []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.lost {
		return nil
	}
	if err := appendTo(a.path, append(chunk, '\n')); err != nil {
		return fmt.Errorf("write to %s, which the file exporter has lost sight of (a restart makes it open the file again): %w", a.path, err)
	}
	return nil
}

func appendTo(path string, chunk []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, newFileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(chunk)
	return errors.Join(err, file.Close())
}

// cut reports whether the file ends in the middle of a line that nobody is going to end.
func (a *appended) cut() (bool, error) {
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
func (a *appended) end() (size int64, whole bool, err error) {
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
