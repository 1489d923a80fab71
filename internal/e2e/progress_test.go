package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

// cursorPrefix begins the keys of stored cursors, the table's name ends them.
const cursorPrefix = "cursor/"

// progress is what a collector that does not run any more has stored.
type progress struct {
	completeUntil map[string]time.Time // by table
	delivered     map[uuid.UUID]bool   // rows that it knows to be delivered
}

func newProgress() progress {
	return progress{completeUntil: map[string]time.Time{}, delivered: map[uuid.UUID]bool{}}
}

// covers reports whether a collector that starts from p should know that the row was delivered.
func (p progress) covers(r rawRow) bool {
	return r.arrived.Before(p.completeUntil[r.table]) || p.delivered[uuid.MustParse(r.uid)]
}

// add takes a stored key and value. Beside the cursors there are lists of uids of 16 bytes.
func (p progress) add(key string, value []byte) error {
	if !strings.HasPrefix(key, cursorPrefix) {
		p.addIDs(value)
		return nil
	}
	var cursor struct {
		CompleteUntil time.Time `json:"complete_until"`
	}
	if err := json.Unmarshal(value, &cursor); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	p.completeUntil[key[strings.LastIndexByte(key, '/')+1:]] = cursor.CompleteUntil
	return nil
}

func (p progress) addIDs(data []byte) {
	const size = len(uuid.UUID{})
	for ; len(data) >= size; data = data[size:] {
		p.delivered[uuid.UUID(data[:size])] = true
	}
}

// progress reads what the collectors so far have stored, which may be nothing.
func (s *stage) progress() progress {
	s.t.Helper()
	p := newProgress()
	s.storage(func(bucket *bbolt.Bucket) {
		require.NoError(s.t, bucket.ForEach(func(key, value []byte) error { return p.add(string(key), value) }))
	})
	return p
}

// spoilCursor makes a table's stored cursor unreadable and returns its key.
func (s *stage) spoilCursor(table string) (key string) {
	s.t.Helper()
	s.storage(func(bucket *bbolt.Bucket) {
		cursor := bucket.Cursor()
		for k, _ := cursor.Seek([]byte(cursorPrefix)); k != nil; k, _ = cursor.Next() {
			if strings.HasPrefix(string(k), cursorPrefix) && strings.HasSuffix(string(k), "/"+table) {
				key = string(k)
			}
		}
		require.NotEmpty(s.t, key, "a cursor of %s is stored", table)
		require.NoError(s.t, bucket.Put([]byte(key), []byte(`{"version":1,"complete_un`)))
	})
	return key
}

// storage opens what file_storage keeps for the receiver, which no process may hold.
func (s *stage) storage(use func(*bbolt.Bucket)) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.directory, "cursors", "receiver_defender_*"))
	require.NoError(s.t, err)
	for _, file := range files {
		db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: time.Second})
		require.NoError(s.t, err)
		require.NoError(s.t, db.Update(func(tx *bbolt.Tx) error {
			if bucket := tx.Bucket([]byte("default")); bucket != nil {
				use(bucket)
			}
			return nil
		}))
		require.NoError(s.t, db.Close())
	}
}

func TestProgressKnowsDeliveredRows(t *testing.T) {
	id, at := uuid.New(), time.Now().UTC()
	p := newProgress()
	require.NoError(t, p.add("cursor/v1/DeviceEvents", fmt.Appendf(nil, `{"complete_until":%q}`, at.Format(time.RFC3339Nano))))
	require.NoError(t, p.add("other/DeviceEvents", id[:]))
	assert.True(t, p.covers(rawRow{uid: uuid.NewString(), table: "DeviceEvents", arrived: at.Add(-1)}))
	assert.True(t, p.covers(rawRow{uid: id.String(), table: "DeviceEvents", arrived: at}))
	assert.False(t, p.covers(rawRow{uid: uuid.NewString(), table: "DeviceEvents", arrived: at}))
	assert.False(t, p.covers(rawRow{uid: uuid.NewString(), table: "Alerts", arrived: at}))
}
