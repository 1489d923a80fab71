package defendersim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const mixedRows = `{"Timestamp":"2021-08-02T13:11:39.7724491Z","DeviceId":"d1","ActionType":"LdapSearch","ReportId_long":113597,"ReportId_string":"","RemotePort":null,"AdditionalFields_string":"","AdditionalFields_dynamic":{"Scope":"<a>"},"InitiatingProcessCreationTime":"2021-08-02T10:45:40.0664337Z","spnID":"x"}
{"Timestamp":"2021-08-02T13:13:02.057Z","ActionType":"Directory Services replication","ReportId":"85a25128_20940"}

{"Timestamp":"2021-08-02T13:15:30.513652Z","DeviceId":"d1","ActionType":"LdapSearch","ReportId_long":113771}
{"time":"2026-01-01T00:00:00Z","category":"AdvancedHunting-DeviceEvents","properties":{"Timestamp":"2021-08-02T13:00:00Z","DeviceId":"d2","ActionType":"UsbDriveMounted","ReportId":5}}
{"time":"2026-01-01T00:00:00Z","category":"AdvancedHunting-DeviceInfo","properties":{"Timestamp":"2021-08-02T13:00:00Z","DeviceId":"d2","ActionType":"x","ReportId":5}}
{"Timestamp":"2021-08-02T13:11:39Z","DeviceId":"d1","ActionType":"LdapSearch","ReportId":"abc"}
{"broken"
`

func rowFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows.ndjson")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestRowsOfAFile(t *testing.T) {
	path := rowFile(t, mixedRows)
	h := start(t, Options{RowFiles: []RowFile{{Table: "DeviceEvents", Path: path, Recent: true}}})
	rows, err := h.Truth("DeviceEvents", time.Time{}, noon)
	require.NoError(t, err)
	require.Len(t, rows, 3)
	newest := rows[2]
	assert.Equal(t, noon.Add(-6*time.Minute), newest.Timestamp, "the newest row happened shortly before the start")
	assert.Equal(t, noon.Add(-3*time.Minute), newest.IngestionTime)
	first := rows[1]
	assert.Equal(t, time.Date(2021, 8, 2, 13, 15, 30, 513652000, time.UTC).Sub(time.Date(2021, 8, 2, 13, 11, 39, 772449100, time.UTC)),
		newest.Timestamp.Sub(first.Timestamp), "rows keep their distances")
	assert.Equal(t, int64(113597), first.Row["ReportId"])
	assert.Equal(t, `{"Scope":"<a>"}`, first.Row["AdditionalFields"])
	created := first.Row["InitiatingProcessCreationTime"].(time.Time)
	assert.Equal(t, 2*time.Hour+25*time.Minute, first.Timestamp.Sub(created).Truncate(time.Minute))
	assert.Equal(t, "UsbDriveMounted", rows[0].Row["ActionType"], "a Streaming API envelope is opened")

	passed := strings.Join(h.Report().PassedOver, "\n")
	assert.Contains(t, passed, "2 rows lack a key column of the table")
	assert.Contains(t, passed, "line 8:")
	assert.Contains(t, passed, "abc is no integer")
	assert.Contains(t, passed, "columns that the table lacks: spnID")
	assert.NotContains(t, passed, "older")
	assert.Contains(t, h.Report().String(), "passed over: "+path)
}

func TestOldRowsOfAFileAreReported(t *testing.T) {
	h := start(t, Options{RowFiles: []RowFile{{Table: "DeviceEvents", Path: rowFile(t, mixedRows)}}})
	assert.Contains(t, strings.Join(h.Report().PassedOver, "\n"), "3 rows are older than the service keeps")
}

func TestRowFileOptions(t *testing.T) {
	f, err := ParseRowFile("DeviceEvents=/tmp/a=b.ndjson,recent")
	require.NoError(t, err)
	assert.Equal(t, RowFile{Table: "DeviceEvents", Path: "/tmp/a=b.ndjson", Recent: true}, f)
	for _, text := range []string{"", "DeviceEvents", "=x", "DeviceEvents=", "DeviceEvents=,recent"} {
		_, err := ParseRowFile(text)
		assert.Error(t, err, text)
	}
	_, err = Start(t.Context(), Options{RowFiles: []RowFile{{Table: "Odd", Path: "x"}}})
	require.ErrorContains(t, err, `no table "Odd"`)
	_, err = Start(t.Context(), Options{RowFiles: []RowFile{{Table: "DeviceInfo", Path: "/does/not/exist"}}})
	assert.ErrorContains(t, err, "rows of DeviceInfo")
}
