package defenderstreamingencodingextension

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// The same row through the hunting API, as the receiver decodes it, and through the Streaming API.
func TestSameUIDAsThroughTheHuntingAPI(t *testing.T) {
	for name, test := range map[string]struct{ table, hunting, streaming string }{
		"device event": {
			table:     "DeviceLogonEvents",
			hunting:   `{"Timestamp":"2026-03-15T08:45:12.12Z","DeviceId":"d1","ActionType":"LogonSuccess","ReportId":639199803770463703,"ReportId@odata.type":"#Int64","IsLocalAdmin":true,"RemoteIP":""}`,
			streaming: `{"Timestamp":"2026-03-15T08:45:12.1200000Z","DeviceId":"d1","ActionType":"LogonSuccess","ReportId":639199803770463703,"IsLocalAdmin":1,"RemoteIP":null,"MachineGroup":"g"}`,
		},
		"number as text": {
			table:     "DeviceEvents",
			hunting:   `{"Timestamp":"2026-03-15T08:45:12Z","DeviceId":"d1","ActionType":"LdapSearch","ReportId":7}`,
			streaming: `{"Timestamp":"2026-03-15T08:45:12Z","DeviceId":"d1","ActionType":"LdapSearch","ReportId":"7"}`,
		},
		"without ReportId, by the whole row": {
			table:     "DeviceLogonEvents",
			hunting:   `{"Timestamp":"2026-03-15T08:45:12Z","DeviceId":"d1","ActionType":"LogonSuccess","IsLocalAdmin":"1","LogonId":9007199254740993,"AccountName":"jane","FailureReason":"","AdditionalFields":"{\"a\":1,\"b\":[9007199254740993]}"}`,
			streaming: `{"Timestamp":"2026-03-15T08:45:12Z","DeviceId":"d1","ActionType":"LogonSuccess","IsLocalAdmin":true,"LogonId":9007199254740993,"AccountName":"jane","FailureReason":null,"AdditionalFields":{"b":[9007199254740993],"a":1},"MachineGroup":null}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			want, body := throughHunting(t, test.table, test.hunting)
			records, _ := newHarness(t).unmarshal(t, `{"records":[{"time":"2026-03-15T09:01:00Z","tenantId":"`+strings.ToUpper(tenant)+
				`","category":"AdvancedHunting-`+test.table+`","properties":`+test.streaming+`}]}`)
			require.Len(t, records, 1)
			assert.Equal(t, want, attributeOf(records[0], "log.record.uid"))
			number, ok := records[0].Body().Map().Get("ReportId")
			if ok {
				assert.Equal(t, body["ReportId"], number.AsRaw(), "all digits")
			}
		})
	}
}

// throughHunting decodes a row as the receiver does, from an answer of the service.
func throughHunting(t *testing.T, name, row string) (uid string, body map[string]any) {
	t.Helper()
	table, ok := tables.ByName(name)
	require.True(t, ok)
	client := hunting.NewClient(hunting.Config{
		Endpoint: &url.URL{Scheme: "https", Host: "graph.example"}, Tokens: token("t"),
		Client: &http.Client{Transport: answer(`{"schema":[],"results":[` + row + `]}`)},
	})
	rows, err := client.Query(t.Context(), table.Name, table.Columns())
	require.NoError(t, err)
	defer rows.Close()
	columns := pcommon.NewMap()
	ok, err = rows.Next(columns)
	require.NoError(t, err)
	require.True(t, ok)
	return rowid.New(tenant, table).UID(columns).String(), columns.AsRaw()
}

type token string

func (s token) Token(context.Context) (string, error) { return string(s), nil }
func (token) Invalidate(string)                       {}
func (token) Challenge(string, string)                {}

type answer string

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a))), Request: r}, nil
}
