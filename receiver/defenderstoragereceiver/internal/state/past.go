package state

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// KeptDays is how many days counts are kept whose blobs are deleted: 13 months.
const KeptDays = 400

// forget takes out the counts of days that are older than counts are kept, as seen from the newest of them, or from the last list
// where a name claims a day that is to come.
func forget(container string, next *storedContainer, listed time.Time) []*storage.Operation {
	var newest time.Time
	for _, day := range next.Past {
		if at := date(day); at.After(newest) {
			newest = at
		}
	}
	if listed.Before(newest) {
		newest = listed
	}
	var ops []*storage.Operation
	next.Past = slices.DeleteFunc(next.Past, func(day string) bool {
		old := date(day).Before(newest.AddDate(0, 0, -KeptDays))
		if old {
			ops = append(ops, storage.DeleteOperation(pastKey(container, day)))
		}
		return old
	})
	return ops
}

// date is the date of a stored day.
func date(day string) time.Time {
	_, at, _ := export.Hour(day + "h=00/")
	return at
}
