package proof

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func exportExample() *ExportReport {
	return &ExportReport{
		Version: Version, Kind: KindExport, Receiver: "defender_storage", AccountURL: "https://contoso.blob.core.windows.net", Day: "2026-11-21",
		Made: midnight.Add(30 * time.Hour), Listed: midnight.Add(29 * time.Hour), Containers: []Exported{
			{
				Table: "AlertInfo", Container: "insights-logs-advancedhunting-alertinfo", Listed: midnight.Add(29 * time.Hour),
			},
			{
				Table: "DeviceEvents", Container: "insights-logs-advancedhunting-deviceevents", Listed: midnight.Add(28 * time.Hour), Read: midnight.Add(27 * time.Hour),
				Blobs: 24, BlobsDeleted: 1, Bytes: Bytes{Stored: 1000, Read: 1100}, Rows: Lines{Read: 110, Delivered: 100, Repeated: 4, RefusedKept: 6, Broken: 2},
			},
		},
	}
}

func TestExportText(t *testing.T) {
	r := exportExample()
	assert.Equal(t, `defender_storage: report of 2026-11-21 (a day of UTC, of the blobs' names)
Account https://contoso.blob.core.windows.net. Made at 2026-11-22T06:00:00Z.

CONTAINER OF  BLOBS  DELETED  BYTES READ  UNREAD  LOST  ROWS READ  DELIVERED  REPEATED  REFUSED, KEPT  REFUSED, LOST  BROKEN  AS OF
AlertInfo     0      0        0           0       0     0          0          0         0              0              0       2026-11-22T05:00:00Z
DeviceEvents  24     1        1100        0       0     110        100        4         6              0              2       2026-11-22T04:00:00Z

Each blob of the day that the account had for this receiver was read up to its length as of 2026-11-22T04:00:00Z. Every line read was delivered, is kept in the dead letters, or repeated one that was handed on. Blobs can grow later. Nobody counts what the export left out, or what was deleted before a list has shown it.
`, r.Text())

	e := &r.Containers[1]
	e.Bytes.Unread, e.Bytes.Lost, e.Bytes.Passed, e.Bytes.Earlier = 40, 50, 60, 70
	e.Unread = []UnreadBlob{{Name: "h=03/PT1H.json", Length: 100, Unread: 40}}
	e.Listed = midnight.Add(20 * time.Hour)
	r.Containers[0].Listed = time.Time{}
	text := r.Text()
	for _, line := range []string{
		"Deleted before they were read:\n  DeviceEvents: 50 bytes\n", "Unread as of the last list:\n  DeviceEvents: h=03/PT1H.json, 40 of 100 bytes\n",
		"Not listed since an hour after the day:\n  AlertInfo: never\n  DeviceEvents: last at 2026-11-21T20:00:00Z\n",
		"Read or passed over by a release that did not count rows:\n  DeviceEvents: 70 bytes\n",
		"Passed over: there before the receiver's first start:\n  DeviceEvents: 60 bytes\n", "never listed\n", "Not all that the account had was delivered",
	} {
		assert.Contains(t, text, line)
	}
	r.Receiver = "defender_storage/<b>|x"
	markdown := r.Markdown()
	assert.Contains(t, markdown, `# defender\_storage/&lt;b>\|x: report of 2026-11-21`)
	assert.Contains(t, markdown, "| container of | blobs | deleted |")
	assert.Contains(t, markdown, "- DeviceEvents: 50 bytes\n")
}

func TestExportVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ExportReport)
		want   Verdict
	}{
		"all read":                {func(*ExportReport) {}, Delivered},
		"listed an hour later":    {func(r *ExportReport) { r.Containers[0].Listed = midnight.Add(25 * time.Hour) }, Delivered},
		"listed as hours close":   {func(r *ExportReport) { r.Containers[0].Listed = midnight.Add(25*time.Hour - 1) }, Unknown},
		"never listed":            {func(r *ExportReport) { r.Containers[0].Listed = time.Time{} }, Unknown},
		"unread":                  {func(r *ExportReport) { r.Containers[1].Bytes.Unread = 1 }, Unknown},
		"not counted":             {func(r *ExportReport) { r.Containers[1].Bytes.Earlier = 1 }, Unknown},
		"before the first start":  {func(r *ExportReport) { r.Containers[1].Bytes.Passed = 1 }, Delivered},
		"lost":                    {func(r *ExportReport) { r.Containers[1].Bytes.Lost = 1 }, Undelivered},
		"refused and lost":        {func(r *ExportReport) { r.Containers[1].Rows.RefusedLost = 1 }, Undelivered},
		"lost, and never listed":  {func(r *ExportReport) { r.Containers[0].Listed, r.Containers[1].Bytes.Lost = time.Time{}, 1 }, Undelivered},
		"containers not listed":   {func(r *ExportReport) { r.Listed = midnight.Add(25*time.Hour - 1) }, Unknown},
		"containers are named":    {func(r *ExportReport) { r.Named, r.Listed = true, time.Time{} }, Delivered},
		"no blob is known":        {func(r *ExportReport) { r.Containers[1] = r.Containers[0] }, Unknown},
		"all blobs are deleted":   {func(r *ExportReport) { r.Containers[1].Blobs = 0 }, Delivered},
		"no container, no claims": {func(r *ExportReport) { r.Containers = nil }, Unknown},
	} {
		r := exportExample()
		c.change(r)
		assert.Equal(t, c.want, r.Verdict(), name)
	}
}

func TestExportJSONReadsBack(t *testing.T) {
	r := exportExample()
	r.SetWorker("worker-1")
	data, err := json.Marshal(r)
	require.NoError(t, err)
	var back ExportReport
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, r, &back)
	assert.Contains(t, string(data), `"kind":"storage_export"`)
	assert.Contains(t, string(data), `"rows":{"read":110,"delivered":100,"repeated":4,"refused_kept":6,"refused_lost":0,"broken":2}`)
}
