package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// journalSuffix is added to the name of a file of letters.
const journalSuffix = ".replayed"

// journal notes which letters of a file were acknowledged.
type journal struct {
	file *os.File
	sync func(*os.File) error
	sent map[string]bool
}

// markOf tells a letter apart, also from one at the same place of a later file of the same name.
func markOf(offset int64, line []byte) string {
	sum := sha256.Sum256(line)
	return fmt.Sprintf("%d %s", offset, hex.EncodeToString(sum[:16]))
}

// openJournal reads what was sent before. A last line that a crash has cut is taken away: its letter is sent again.
func openJournal(letters string, sync func(*os.File) error) (*journal, error) {
	file, err := os.OpenFile(letters+journalSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal of %s: %w", letters, err)
	}
	j := &journal{file: file, sync: sync, sent: map[string]bool{}}
	if err := j.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("read the journal of %s: %w", letters, err), file.Close())
	}
	return j, nil
}

func (j *journal) load() error {
	text, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	for line := range strings.Lines(string(text[:whole])) {
		j.sent[strings.TrimSuffix(line, "\n")] = true
	}
	if err := j.file.Truncate(int64(whole)); err != nil {
		return err
	}
	_, err = j.file.Seek(int64(whole), io.SeekStart)
	return err
}

// add returns once the mark is on disk.
func (j *journal) add(mark string) error {
	if _, err := j.file.WriteString(mark + "\n"); err != nil {
		return fmt.Errorf("note a letter that was sent: %w", err)
	}
	if err := j.sync(j.file); err != nil {
		return fmt.Errorf("note a letter that was sent: %w", err)
	}
	j.sent[mark] = true
	return nil
}
