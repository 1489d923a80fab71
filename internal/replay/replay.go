package replay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"go.opentelemetry.io/collector/pdata/plog"
)

// lockName is the file of a directory that a run holds locked.
const lockName = ".replay.lock"

// tries is how often a letter is offered that is not taken for the moment, and firstPause the pause after the first try.
const (
	tries      = 5
	firstPause = time.Second
)

// Kept is a letter that stays.
type Kept struct {
	File   string `json:"file"`
	Line   int    `json:"line"` // the first is 1
	Reason string `json:"reason"`
}

// Result is what a run did.
type Result struct {
	Sent    int    `json:"sent"`
	Earlier int    `json:"sent_earlier"`
	Kept    []Kept `json:"kept"`
	// Unfinished are lines at the end of a file that are not whole: they are being written, or their write was cut off.
	Unfinished []string `json:"unfinished"`
}

// Run is over one directory.
type Run struct {
	Directory string
	Sender    Sender
	// Pause waits between two tries; nil: by the clock.
	Pause func(ctx context.Context, d time.Duration) error

	sync   func(*os.File) error // of a journal; nil: to disk
	result Result
}

// Do sends all letters that were not acknowledged yet. With an error the result says how far it came.
func (r *Run) Do(ctx context.Context) (Result, error) {
	r.result = Result{Kept: []Kept{}, Unfinished: []string{}}
	if r.Pause == nil {
		r.Pause = pause
	}
	if r.sync == nil {
		r.sync = (*os.File).Sync
	}
	files, err := filepath.Glob(filepath.Join(filepath.Clean(r.Directory), "*.ndjson"))
	if err != nil {
		return r.result, fmt.Errorf("look for dead letters: %w", err)
	}
	if info, err := os.Stat(r.Directory); err != nil || !info.IsDir() {
		return r.result, fmt.Errorf("look for dead letters: %s is no directory that can be read", r.Directory)
	}
	lock := flock.New(filepath.Join(r.Directory, lockName))
	held, err := lock.TryLock()
	if err != nil {
		return r.result, fmt.Errorf("lock %s: %w", r.Directory, err)
	}
	if !held {
		return r.result, fmt.Errorf("another run replays %s: wait for its end", r.Directory)
	}
	for _, file := range files {
		if err = r.file(ctx, file); err != nil {
			break
		}
	}
	return r.result, errors.Join(err, lock.Unlock())
}

// file sends the letters of one file, as far as it goes now.
func (r *Run) file(ctx context.Context, path string) error {
	letters, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read dead letters: %w", err)
	}
	defer letters.Close()
	done, err := openJournal(path, r.sync)
	if err != nil {
		return err
	}
	defer done.file.Close()
	name, reader, offset := filepath.Base(path), bufio.NewReader(letters), int64(0)
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if len(line) > 0 {
				r.result.Unfinished = append(r.result.Unfinished, fmt.Sprintf("%s, line %d", name, number))
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		mark := markOf(offset, line)
		offset += int64(len(line))
		switch {
		case len(bytes.TrimSpace(line)) == 0:
			continue
		case done.sent[mark]:
			r.result.Earlier++
			continue
		}
		err = r.letter(ctx, line)
		switch {
		case errors.Is(err, ErrRefused):
			r.result.Kept = append(r.result.Kept, Kept{File: name, Line: number, Reason: err.Error()})
			continue
		case err != nil:
			return fmt.Errorf("%s, line %d: %w", name, number, err)
		}
		r.result.Sent++
		if err := done.add(mark); err != nil {
			return err
		}
	}
}

// letter sends one letter, and again while it is not taken for the moment.
func (r *Run) letter(ctx context.Context, line []byte) error {
	logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs(line)
	if err != nil || logs.LogRecordCount() == 0 {
		return fmt.Errorf("%w: the line is no OTLP request with a log record", ErrRefused)
	}
	wait := firstPause
	for try := 1; ; try++ {
		err := r.Sender.Send(ctx, logs)
		if !errors.Is(err, errLater) || try == tries || ctx.Err() != nil {
			return err
		}
		if paused := r.Pause(ctx, wait); paused != nil {
			return errors.Join(err, paused)
		}
		wait *= 2
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
