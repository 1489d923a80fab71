package ledger

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// storedTenant is whose cursors the stored files hold.
const storedTenant = "11111111-2222-4333-8444-555555555555"

// release is a storage as a release wrote it that did not store the ids of refused rows.
func release(t *testing.T, file string) (*collector.Storage, map[string][]byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	var values map[string][]byte
	require.NoError(t, json.Unmarshal(data, &values))
	m := collector.NewStorage()
	for key, value := range values {
		require.NoError(t, m.Set(t.Context(), key, value))
	}
	return m, values
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	require.NoError(t, err)
	return at
}

// unchanged stores a ledger in which nothing has happened, and asserts that this changes no byte.
func unchanged(t *testing.T, m *collector.Storage, values map[string][]byte, keeper *Keeper, l *Ledger) {
	t.Helper()
	require.NoError(t, l.Keep(time.Now()))
	require.NoError(t, keeper.store(t.Context(), endOfTime))
	after := map[string][]byte{}
	require.NoError(t, m.Walk(t.Context(), func(key string, value []byte) ([]*storage.Operation, error) {
		after[key] = value
		return nil, nil
	}))
	assert.Equal(t, values, after)
}

// What an earlier release stored is taken up unchanged.
func TestStoredLiveLaneIsTakenUp(t *testing.T) {
	m, values := release(t, "stored.json")
	keeper := NewKeeper(m, storedTenant, 0, func(int, error) {})
	l, err := Open(t.Context(), keeper, "DeviceLogonEvents")
	require.NoError(t, err)
	require.NoError(t, l.LoadRecent(t.Context(), 30*time.Minute))
	start, set := instant(t, "2026-11-21T08:59:59.9912081Z"), instant(t, "2026-11-21T09:55:00Z")
	assert.Equal(t, Cursor{
		TimeBasis: "ingestion_time", Since: start, CompleteUntil: instant(t, "2026-11-21T09:59:58.000376Z"),
		LiveStart: LiveStart{TimeBasis: "ingestion_time", At: start},
		Unreadable: []Range{{
			TimeBasis: "ingestion_time", From: set, To: set.Add(time.Minute), Next: instant(t, "2026-11-21T10:15:00.000277441Z"),
		}},
	}, l.Cursor())
	assert.Equal(t, Entry{Rows: 2, Segments: 1}, l.Entry(5984176))
	assert.Equal(t, Entry{Rows: 2, Segments: 1, Refused: 2}, l.Entry(5984182))
	assert.True(t, l.Recognise(uuid.UUID{1}, Bin(5984182).Start()))
	assert.Equal(t, 1, l.recent[5984178].len())
	assert.NotContains(t, l.recent, Bin(5984176), "it lies before the overlap")
	require.NoError(t, l.Load(t.Context(), Bin(5984176).Start(), Bin(5984176).End()))
	assert.Equal(t, 2, l.recent[5984176].len())
	unchanged(t, m, values, keeper, l)

	first, isNow, err := keeper.FirstStart(t.Context(), "DeviceLogonEvents", time.Now())
	require.NoError(t, err)
	assert.False(t, isNow)
	assert.Equal(t, "2026-11-21", first.Format(time.DateOnly))
}

func TestStoredHistoryIsTakenUp(t *testing.T) {
	m, values := release(t, "stored.json")
	keeper := NewKeeper(m, storedTenant, 0, func(int, error) {})
	l, err := Open(t.Context(), keeper, "DeviceLogonEvents/backfill")
	require.NoError(t, err)
	require.NoError(t, l.LoadRecent(t.Context(), 0))
	day := instant(t, "2026-11-20T00:00:00Z")
	assert.Equal(t, Cursor{
		TimeBasis: "event_time",
		History: &HistoryState{
			LiveStart: LiveStart{TimeBasis: "ingestion_time", At: instant(t, "2026-11-21T08:59:59.9912081Z")},
			Reached:   day.Add(24 * time.Hour),
			Span:      Span{From: day, Until: day.Add(6 * time.Hour), To: day.Add(24 * time.Hour)},
		},
	}, l.Cursor())
	assert.Equal(t, day.Add(6*time.Hour), l.CompleteUntil())
	assert.Equal(t, 1, l.recent[5983848].len())
	unchanged(t, m, values, keeper, l)
}

func TestStoredCarriedRowsAreTakenUp(t *testing.T) {
	m, values := release(t, "stored_carried.json")
	keeper := NewKeeper(m, storedTenant, 0, func(int, error) {})
	l, err := Open(t.Context(), keeper, "DeviceLogonEvents")
	require.NoError(t, err)
	require.NoError(t, l.LoadRecent(t.Context(), 0))
	assert.Len(t, l.carried, 8)
	assert.Equal(t, instant(t, "2026-11-21T10:00:00.000671817Z"), l.Cursor().CarriedUntil)
	unchanged(t, m, values, keeper, l)
	assert.True(t, l.Recognise(uuid.UUID{1}, time.Unix(0, 0).Add(time.Hour)))
}
