package tuid

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// mappingFileKey is the setting that names the file.
const mappingFileKey = "tuid::mapping_file"

// mappingCheckInterval is how often at most the file is looked at.
const mappingCheckInterval = time.Second

// mappingFile is the mapping of a file that may change. It is looked at when records come, so there
// is nothing to run in the background.
type mappingFile struct {
	path   string
	logger *zap.Logger
	now    func() time.Time

	users atomic.Pointer[map[string]string]
	// reads counts how often users was replaced.
	reads atomic.Uint64

	mu        sync.Mutex // guards everything below
	read      os.FileInfo
	nextCheck time.Time
	complaint string // the last one logged, so that it is not logged at every look
}

// load reads the file and, if all of it is good, replaces the mapping.
func (f *mappingFile) load() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reload()
}

func (f *mappingFile) reload() error {
	f.nextCheck = f.now().Add(mappingCheckInterval)
	f.read = nil
	file, err := os.Open(f.path)
	if err != nil {
		return settings.Unreadable(mappingFileKey, f.path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return settings.Unreadable(mappingFileKey, f.path, err)
	}
	// A bad file is not read again and again either, only once it has changed.
	f.read = info
	users, err := readMapping(file)
	if err != nil {
		return fmt.Errorf("'%s': %s %w", mappingFileKey, f.path, err)
	}
	f.users.Store(&users)
	f.reads.Add(1)
	f.logger.Info("The mapping file has been read", zap.Int("users", len(users)))
	return nil
}

// refresh reads the file again if it has changed. Only one call does, the others go on with the
// mapping there is.
func (f *mappingFile) refresh() {
	if !f.mu.TryLock() {
		return
	}
	defer f.mu.Unlock()
	if f.now().Before(f.nextCheck) || !f.changed() {
		return
	}
	if err := f.reload(); err == nil {
		f.complaint = ""
	} else if complaint := err.Error(); complaint != f.complaint {
		f.complaint = complaint
		f.logger.Error("Cannot use the mapping file as it is now; the mapping read before stays", zap.Error(err))
	}
}

// changed reports whether the file is another one than the one read, or cannot be told to be the same.
func (f *mappingFile) changed() bool {
	f.nextCheck = f.now().Add(mappingCheckInterval)
	info, err := os.Stat(f.path)
	return err != nil || f.read == nil || !os.SameFile(info, f.read) ||
		!info.ModTime().Equal(f.read.ModTime()) || info.Size() != f.read.Size()
}

// lookup returns the tuid of the first name that the file has.
func (f *mappingFile) lookup(names []string) (string, bool) {
	users := f.users.Load()
	if users == nil {
		return "", false
	}
	for _, name := range names {
		if tuid, ok := (*users)[strings.ToLower(name)]; ok {
			return tuid, true
		}
	}
	return "", false
}
