package alert

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

type fields = map[string]any

var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

const uuidOfTest = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"

func read(t *testing.T, event string, body any) (Alert, bool) {
	t.Helper()
	r := plog.NewLogRecord()
	r.SetEventName(event)
	require.NoError(t, r.Body().FromRaw(body))
	require.True(t, Is(r))
	return Read(r)
}

func TestVersion(t *testing.T) {
	a, ok := read(t, logrecord.EventAlertV2, fields{
		"id": "da1", "createdDateTime": "2026-03-15T12:00:00.0066667Z", "lastUpdateDateTime": "2026-03-15T12:10:00Z",
		"mitreTechniques": []any{"T1059.001", "t1003", nil},
		"evidence": []any{
			fields{"deviceDnsName": "PC1.acme.local", "hostName": "pc1", "mdeDeviceId": nil},
			"odd", nil,
			fields{"imageFile": fields{"fileName": "A.exe", "sha256": "AB"}, "parentProcessImageFile": fields{"fileName": uuidOfTest + "-T1059.exe", "filePath": `C:\x`}},
			fields{"files": []any{fields{"fileDetails": fields{"fileName": "b.exe", "filePath": `C:\F0\` + uuidOfTest + `\x`}}}},
			fields{"algorithm": "sha256", "value": "CD"},
			fields{"algorithm": "md5", "value": "EF"},
		},
	})
	require.True(t, ok)
	assert.Equal(t, noon.Add(6666700).UnixNano(), a.Created())
	assert.Equal(t, []int64{noon.Add(10 * time.Minute).UnixNano(), a.Created()}, a.Times())
	assert.Equal(t, []string{"T1003", "T1059.001"}, a.Techniques.Texts())
	assert.Equal(t, []string{"pc1", "pc1.acme.local"}, a.Hosts.Texts())
	assert.Equal(t, []string{uuidOfTest + "-t1059.exe", "a.exe", "b.exe"}, a.Names.Texts())
	assert.Equal(t, []string{"ab", "cd"}, a.Hashes.Texts())
	assert.Equal(t, []string{uuidOfTest}, a.Tests.Texts())

	for name, body := range map[string]any{
		"no id": fields{"createdDateTime": "2026-03-15T12:00:00Z"}, "no time": fields{"id": "x"}, "odd time": fields{"id": "x", "createdDateTime": int64(7)}, "text": "text",
	} {
		_, ok := read(t, logrecord.EventAlertV2, body)
		assert.False(t, ok, name)
	}
}

func TestRow(t *testing.T) {
	a, ok := read(t, "microsoft.defender.alerts", fields{
		"AlertId": "da1", "Timestamp": "2026-03-15T12:00:00Z", "AttackTechniques": `["PowerShell (T1059.001)","OS Credential Dumping (T1003)"]`,
		"DeviceName": "PC1.acme.local", "FileName": "x.exe", "FolderPath": `C:\` + uuidOfTest, "SHA256": "AB",
		"AdditionalFields": `{"Host":{"HostName":"pc2"}}`,
	})
	require.True(t, ok)
	assert.Equal(t, []string{"T1003", "T1059.001"}, a.Techniques.Texts())
	assert.Equal(t, []string{"pc1.acme.local", "pc2"}, a.Hosts.Texts())
	assert.Equal(t, []string{uuidOfTest}, a.Tests.Texts())

	// What Graph says of its creation counts, whichever comes first.
	version, ok := read(t, logrecord.EventAlertV2, fields{"id": "da1", "createdDateTime": "2026-03-15T12:30:00Z"})
	require.True(t, ok)
	other := version
	assert.True(t, a.Merge(version))
	assert.Equal(t, noon.Add(30*time.Minute).UnixNano(), a.Created())
	row, _ := read(t, "microsoft.defender.alerts", fields{"AlertId": "da1", "Timestamp": "2026-03-15T12:00:00Z"})
	assert.True(t, other.Merge(row))
	assert.Equal(t, a.Created(), other.Created())
	assert.False(t, other.Merge(row))
}

// However many versions there are, and in whatever order: the same comes out, and it is bounded.
func TestMerge(t *testing.T) {
	var versions []Alert
	for i := range 300 {
		a, ok := read(t, logrecord.EventAlertV2, fields{
			"id": "da1", "createdDateTime": "2026-03-15T12:00:00Z", "lastUpdateDateTime": noon.Add(time.Duration(i) * time.Minute).Format(time.RFC3339),
			"mitreTechniques": []any{fmt.Sprint("T", i)}, "evidence": []any{fields{"hostName": fmt.Sprint("pc", i)}},
		})
		require.True(t, ok)
		versions = append(versions, a)
	}
	var want []byte
	for seed := range uint64(5) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(versions), func(i, j int) { versions[i], versions[j] = versions[j], versions[i] })
		a := versions[0]
		for _, v := range versions[1:] {
			a.Merge(v)
		}
		assert.Len(t, a.Techniques, maxWords)
		assert.Len(t, a.Times(), maxUpdates+1)
		text, err := json.Marshal(&a)
		require.NoError(t, err)
		if want == nil {
			want = text
		}
		require.Equal(t, string(want), string(text))
		var again Alert
		require.NoError(t, json.Unmarshal(text, &again))
		assert.Equal(t, a, again)
		assert.False(t, again.Merge(versions[1]))
	}
}
