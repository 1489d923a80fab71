package ledger

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// damaged is a storage with a cursor of one bin, in which the values of one prefix cannot be read, or are cut.
type damaged struct {
	storage.Client
	cursor []byte
	prefix string
	err    error // nil: they are cut
}

func (d *damaged) Get(_ context.Context, key string) ([]byte, error) {
	ids := id(1)
	switch {
	case strings.HasPrefix(key, d.prefix) && d.err != nil:
		return nil, d.err
	case strings.HasPrefix(key, d.prefix):
		return ids[:7], nil
	case strings.HasPrefix(key, "cursor/"):
		return d.cursor, nil
	default:
		return ids[:], nil
	}
}

// A lane whose stored rows cannot be read does not go on without them: rows would come twice.
func TestDamagedRowsAreNoRows(t *testing.T) {
	late, disk := BinOf(after(time.Hour)), errors.New("input/output error")
	for name, c := range map[string]struct {
		bin    Bin
		prefix string
		err    error
		want   string
	}{
		"rows cannot be read":            {late, "ledger/", disk, "input/output error"},
		"rows are cut":                   {late, "ledger/", nil, "7 bytes"},
		"carried rows cannot be read":    {Carried, "ledger/", disk, "input/output error"},
		"carried rows are cut":           {Carried, "ledger/", nil, "7 bytes"},
		"refused cannot be read":         {late, "refused/", disk, "input/output error"},
		"carried refused cannot be read": {Carried, "refused/", disk, "input/output error"},
		"carried refused are cut":        {Carried, "refused/", nil, "7 bytes"},
	} {
		cursor, err := encode(Cursor{TimeBasis: "event_time", Since: epoch, CompleteUntil: after(time.Hour)}, map[Bin]Entry{c.bin: {1, 1, 0, 1}})
		require.NoError(t, err, name)
		k := NewKeeper(&damaged{Client: storage.NewNopClient(), cursor: cursor, prefix: c.prefix, err: c.err}, tenant, 0, nil)
		l, err := Open(t.Context(), k, "A")
		require.NoError(t, err, name)
		if c.bin == Carried || c.prefix == "ledger/" {
			require.ErrorContains(t, l.LoadRecent(t.Context(), time.Hour), c.want, name)
		}
		_, err = l.CarryOver(t.Context(), "ingestion_time", "", epoch, after(2*time.Hour))
		require.ErrorContains(t, err, c.want, name)
		require.ErrorContains(t, err, "carry rows over to ingestion_time", name)
		if c.bin == late && c.prefix == "ledger/" {
			require.ErrorContains(t, l.Load(t.Context(), epoch, after(2*time.Hour)), c.want, name)
		}
	}
	unreadable := NewKeeper(&damaged{Client: storage.NewNopClient(), prefix: "", err: disk}, tenant, 0, nil)
	_, err := Open(t.Context(), unreadable, "A")
	require.ErrorContains(t, err, `"cursor/v1/tenant-a/A"`, "it does not begin anew")
	_, _, err = unreadable.FirstStart(t.Context(), "A", epoch)
	assert.ErrorContains(t, err, `"start/v1/tenant-a/A"`)
}
