package defenderstoragereceiver

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/internal/storageclient"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/book"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/state"
)

// Report implements control.Reporter.
func (c *controlled) Report(ctx context.Context, day time.Time) (control.Result, error) {
	return c.cfg.report(ctx, c.places, c.id, proof.DayOf(day), c.now())
}

// StoredIn is the storage extension that a report of a receiver that does not run is made from; nil: it has none.
func (c *Config) StoredIn() *component.ID { return c.StorageID }

// StoredReport makes the report of a day from the storage of a receiver that does not run.
func (c *Config) StoredReport(ctx context.Context, host component.Host, id component.ID, day proof.Day) (*proof.ExportReport, error) {
	store, err := storageclient.Share(ctx, host, *c.StorageID, component.KindReceiver, id)
	if err != nil {
		return nil, err
	}
	places, err := state.Read(ctx, store)
	if err != nil {
		return nil, errors.Join(err, store.Close(ctx))
	}
	report, err := c.report(ctx, places, id.String(), day, time.Now())
	return report, errors.Join(err, store.Close(ctx))
}

// report is made of what is stored: what was counted of a day stands in one value with the places of its blobs.
func (c *Config) report(ctx context.Context, places *state.State, id string, day proof.Day, now time.Time) (*proof.ExportReport, error) {
	r := &proof.ExportReport{
		Version: proof.Version, Kind: proof.KindExport, Receiver: id, AccountURL: withoutSecrets(c.AccountURL), Day: day, Made: now.UTC(),
		Containers: []proof.Exported{},
	}
	if r.Named = len(c.Containers) > 0; !r.Named {
		r.Listed = places.Found()
	}
	for _, name := range slices.Sorted(slices.Values(places.Containers())) {
		if slices.Contains(c.ExcludeContainers, name) || len(c.Containers) > 0 && !slices.Contains(c.Containers, name) {
			continue
		}
		stored, err := places.OfDay(ctx, name, day.Start())
		if err != nil {
			return nil, err
		}
		r.Containers = append(r.Containers, exported(name, stored))
	}
	return r, nil
}

// withoutSecrets leaves a password or a shared access signature out that somebody has written into a URL. The configuration of a
// receiver that does not run may never have been checked.
func withoutSecrets(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// exported is what the stored values say of a container's day.
func exported(container string, stored state.OfDay) proof.Exported {
	e := proof.Exported{Table: export.Table(container), Container: container, Listed: stored.Listed}
	var all book.Counts
	for _, past := range stored.Past {
		all.Add(past)
	}
	for _, d := range stored.Days {
		if d.Counts != nil {
			all.Add(*d.Counts)
		} else {
			for _, place := range d.Places {
				e.Bytes.Earlier += place.Offset
			}
		}
		unread, sizes := d.Unread(), d.Sizes()
		e.Blobs += len(sizes)
		for name, size := range sizes {
			e.Bytes.Stored += size
			e.Bytes.Unread += unread[name]
		}
		for _, name := range slices.Sorted(maps.Keys(unread)) {
			e.Unread = append(e.Unread, proof.UnreadBlob{Name: name, Length: sizes[name], Unread: unread[name]})
		}
	}
	slices.SortFunc(e.Unread, oldestFirst)
	e.Unread = e.Unread[:min(len(e.Unread), proof.MostUnread)]
	e.BlobsDeleted, e.Read = all.Deleted, all.Last
	e.Bytes.Read, e.Bytes.Passed, e.Bytes.Lost = all.Read, all.Passed, all.Lost
	e.Bytes.Earlier += all.Earlier
	e.Rows = proof.Lines{
		Delivered: all.Delivered, Repeated: all.Repeated, RefusedKept: all.RefusedKept, RefusedLost: all.RefusedLost, Broken: all.Broken,
		Read: all.Delivered + all.Repeated + all.RefusedKept + all.RefusedLost,
	}
	return e
}

// oldestFirst orders blobs by the hours of their names.
func oldestFirst(a, b proof.UnreadBlob) int {
	_, one, _ := export.Hour(a.Name)
	_, other, _ := export.Hour(b.Name)
	if order := one.Compare(other); order != 0 {
		return order
	}
	return strings.Compare(a.Name, b.Name)
}
