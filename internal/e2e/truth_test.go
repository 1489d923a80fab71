package e2e

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// rowSet are rows by a key that is made of what the service says of them, not of the receiver's uid.
type rowSet map[string]bool

// truth are the rows that arrived until to: of an alert, each distinct evidence row once both halves have arrived.
func (s *stage) truth(to time.Time) rowSet {
	s.t.Helper()
	set := rowSet{}
	for _, table := range tables.All() {
		switch table.Kind {
		case tables.Events:
			rows := s.truthOf(table.Name, to)
			before := len(set)
			for _, row := range rows {
				set[table.Name+"|"+row.Key] = true
			}
			require.Equal(s.t, len(rows), len(set)-before, "the keys tell the rows of %s apart", table.Name)
		case tables.Alerts:
			named := map[any]bool{}
			for _, row := range s.truthOf(table.Info.Name, to) {
				named[row.Row[alertID]] = true
			}
			for _, row := range s.truthOf(table.Schema.Name, to) {
				if named[row.Row[alertID]] {
					set[alertKey(row.Timestamp, func(column string) string { text, _ := row.Row[column].(string); return text })] = true
				}
			}
		}
	}
	return set
}

func (s *stage) truthOf(table string, to time.Time) []defendersim.TrueRow {
	s.t.Helper()
	rows, err := s.sim.Truth(table, time.Time{}, to)
	require.NoError(s.t, err)
	return rows
}

const alertID = "AlertId"

// alertKey names a row of evidence by columns that AlertInfo lacks.
func alertKey(timestamp time.Time, text func(column string) string) string {
	parts := []string{"Alerts", timestamp.UTC().Format(time.RFC3339Nano)}
	for _, column := range []string{
		alertID, "EntityType", "EvidenceRole", "DeviceId", "AccountName", "AccountSid", "AccountUpn", "FileName", "SHA256",
		"RemoteIP", "RemoteUrl", "NetworkMessageId", "ProcessCommandLine", "FolderPath",
	} {
		parts = append(parts, text(column))
	}
	return strings.Join(parts, "|")
}

// key is the row's in a rowSet.
func (s *stage) key(r rawRow) string {
	s.t.Helper()
	at, err := time.Parse(time.RFC3339Nano, r.text(tables.TimestampColumn))
	require.NoError(s.t, err)
	if r.table == "Alerts" {
		return alertKey(at, r.text)
	}
	report, _ := r.body.Get(tables.ReportIDColumn)
	return r.table + "|" + defendersim.RowKey(r.text("DeviceId"), at, report.Int(), r.text("ActionType"))
}

func (s *stage) keys(rows []rawRow) rowSet {
	s.t.Helper()
	set := rowSet{}
	for _, r := range rows {
		set[s.key(r)] = true
	}
	return set
}

// settled is the time before which rows must have been read by a collector that is up to date. The receiver cannot
// know the emulator's clock better than to a second.
func (s *stage) settled() time.Time { return s.now().Add(-settle - time.Second) }

// have returns a condition that is met when the files of file/raw hold all of want. Reading them takes a while, so it
// waits until they grow no more.
func (s *stage) have(want rowSet, earlier ...rawRow) func() bool {
	size := int64(0)
	return func() bool {
		before := size
		if size = written(s.t, s.raw); size != before {
			return false
		}
		rows, _ := readRaw(s.t, s.raw)
		return len(lacking(want, s.keys(append(eventRows(rows), earlier...)))) == 0
	}
}

// complete compares row by row: all of want came, and nothing but what the emulator has.
func (s *stage) complete(rows []rawRow, want rowSet) {
	s.t.Helper()
	got := s.keys(rows)
	assert.Empty(s.t, lacking(want, got), "rows of %d are missing", len(want))
	assert.Empty(s.t, lacking(got, s.truth(s.now())), "rows came that the service does not have")
}

// lacking are members of a that b lacks, a few of them.
func lacking(a, b rowSet) []string {
	var keys []string
	for key := range maps.Keys(a) {
		if !b[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys[:min(len(keys), 10)]
}

// times counts the rows by uid.
func times(rows []rawRow) map[string]int {
	n := map[string]int{}
	for _, r := range rows {
		n[r.uid]++
	}
	return n
}

// repeated are the uids of rows that came more than once, a few of them.
func repeated(rows []rawRow) []string {
	n := times(rows)
	maps.DeleteFunc(n, func(_ string, times int) bool { return times == 1 })
	uids := slices.Sorted(maps.Keys(n))
	return uids[:min(len(uids), 10)]
}
