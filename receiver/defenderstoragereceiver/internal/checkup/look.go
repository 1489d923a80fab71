package checkup

import (
	"context"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// mostPages bounds the list of one container: 20,000 blobs are three weeks of a table of 40 tenants, or two years of one.
const mostPages = 4

// facts are what the account says of a container.
type facts struct {
	blobs   int   // that the receiver reads
	bytes   int64 // in them
	newest  export.Blob
	oldest  time.Time       // the earliest creation; zero: none says one
	others  int             // append blobs that are not this receiver's
	tenants map[string]bool // of these
	skipped int             // entries that are no append blobs
	more    bool            // the list goes on
}

// add takes a page of a list.
func (f *facts) add(blobs []export.Blob, skipped int, mine func(blob string) bool) {
	f.skipped += skipped
	for _, b := range blobs {
		if !mine(b.Name) {
			f.others++
			if tenant := export.Tenant(b.Name); tenant != "" {
				f.tenants[tenant] = true
			}
			continue
		}
		f.blobs++
		f.bytes += b.Size
		if b.Size > 0 && (f.newest.Name == "" || b.Modified.After(f.newest.Modified)) {
			f.newest = b
		}
		if created, err := time.Parse(time.RFC1123, b.Created); err == nil && (f.oldest.IsZero() || created.Before(f.oldest)) {
			f.oldest = created
		}
	}
}

// look lists a container's blobs.
func look(ctx context.Context, client *account.Client, container string, s Selection) (facts, error) {
	f, marker := facts{tenants: map[string]bool{}}, ""
	for range mostPages {
		blobs, skipped, next, err := client.Blobs(ctx, container, s.Prefix, marker)
		if err != nil {
			return f, err
		}
		f.add(blobs, skipped, func(blob string) bool { return s.Mine(container, blob) })
		if marker = next; marker == "" {
			return f, nil
		}
	}
	f.more = true
	return f, nil
}

// canRead reads one byte of a blob.
func canRead(ctx context.Context, client *account.Client, container, blob string) error {
	_, err := client.Read(ctx, container, blob, 0, 1, "")
	if account.Is(err, account.Absent) {
		return nil // it was deleted since the list
	}
	return err
}
