package defendersim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
)

const (
	alertsPath    = "/v1.0/security/alerts_v2"
	incidentsPath = "/v1.0/security/incidents"
)

// objectsPage is one answer of a list.
type objectsPage struct {
	Next  string           `json:"@odata.nextLink"`
	Count *int             `json:"@odata.count"`
	Value []map[string]any `json:"value"`
}

// security asks the security API; options are names and values by turns.
func (h *harness) security(t *testing.T, method, path, body string, options ...string) reply {
	t.Helper()
	if strings.HasPrefix(path, "/") {
		path = h.URL() + path
	}
	query := url.Values{}
	for i := 0; i < len(options); i += 2 {
		query.Set(options[i], options[i+1])
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+h.token(t, graphPath))
	req.Header.Set("Prefer", "include-unknown-enum-members")
	return h.do(t, req)
}

func (h *harness) objects(t *testing.T, path string, options ...string) objectsPage {
	t.Helper()
	answer := h.security(t, http.MethodGet, path, "", options...)
	require.NoError(t, answer.err)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", answer.body)
	var page objectsPage
	require.NoError(t, json.Unmarshal(answer.body, &page))
	return page
}

// all follows the links to the end.
func (h *harness) all(t *testing.T, path string, options ...string) []map[string]any {
	t.Helper()
	page := h.objects(t, path, options...)
	all := page.Value
	for page.Next != "" {
		page = h.objects(t, page.Next)
		all = append(all, page.Value...)
	}
	return all
}

func (h *harness) putAlert(t *testing.T, id string, updated, visible time.Time) {
	t.Helper()
	require.NoError(t, h.PutAlert(map[string]any{
		"id": id, "lastUpdateDateTime": updated.Format(time.RFC3339Nano), "severity": "high", "status": "new",
		"serviceSource": "microsoftSentinel", "evidence": []any{map[string]any{"remediationStatus": "active"}},
	}, visible))
}

// The generated tenant's alerts grow, and their evidence points at rows of its tables.
func TestSecurityAlertsOfTheTenant(t *testing.T) {
	cfg := tenant.DefaultConfig()
	cfg.RowsPerDay, cfg.Start, cfg.History = 40_000, noon, 12*time.Hour
	h := start(t, Options{Tenant: &cfg})
	alerts := h.all(t, alertsPath)
	require.Greater(t, len(alerts), 50)
	truth := h.Alerts()
	assert.Greater(t, len(truth), 2*len(alerts), "they have several versions")

	created, err := h.Truth("DeviceProcessEvents", noon.Add(-24*time.Hour), noon.Add(time.Hour))
	require.NoError(t, err)
	activity, err := h.Truth("DeviceFileEvents", noon.Add(-24*time.Hour), noon.Add(time.Hour))
	require.NoError(t, err)
	known := map[string]bool{}
	for _, row := range append(created, activity...) {
		for _, prefix := range []string{"", "InitiatingProcess"} {
			id, at := row.Row[prefix+"ProcessId"], row.Row["ProcessCreationTime"]
			if prefix != "" {
				id, at = row.Row["InitiatingProcessId"], row.Row["InitiatingProcessCreationTime"]
			}
			if at, ok := at.(time.Time); ok {
				known[fmt.Sprint(row.Row["DeviceId"], id, at.UTC().Format("2006-01-02T15:04:05.9999999Z"))] = true
			}
		}
	}
	types, found := map[string]int{}, 0
	for _, alert := range alerts {
		evidence, _ := alert["evidence"].([]any)
		for _, item := range evidence {
			item := item.(map[string]any)
			types[item["@odata.type"].(string)]++
			if id, ok := item["processId"].(float64); ok && known[fmt.Sprint(item["mdeDeviceId"], int64(id), item["processCreationDateTime"])] {
				found++
			}
		}
	}
	for _, name := range []string{"deviceEvidence", "userEvidence", "processEvidence", "fileEvidence", "ipEvidence", "analyzedMessageEvidence"} {
		assert.Positive(t, types["#microsoft.graph.security."+name], name)
	}
	assert.Positive(t, found, "processes that the tables have")

	incidents := h.all(t, incidentsPath)
	require.NotEmpty(t, incidents)
	of := h.objects(t, incidentsPath+"/"+incidents[0]["id"].(string)+"/alerts")
	require.NotEmpty(t, of.Value)
	assert.Equal(t, incidents[0]["id"], of.Value[0]["incidentId"])
}

func TestSecurityLists(t *testing.T) {
	h := start(t, Options{})
	for i := range 1_200 {
		h.putAlert(t, fmt.Sprintf("da%04d", i), noon.Add(-time.Hour+time.Duration(i/3)*time.Second), noon)
		require.NoError(t, h.PutIncident(map[string]any{"id": strconv.Itoa(i), "lastUpdateDateTime": noon.Format(time.RFC3339)}, noon))
	}
	ascending := h.all(t, alertsPath, "$orderby", "lastUpdateDateTime asc", "$top", "500")
	require.Len(t, ascending, 1_200)
	assert.True(t, slices.IsSortedFunc(ascending, func(a, b map[string]any) int {
		return strings.Compare(a["lastUpdateDateTime"].(string), b["lastUpdateDateTime"].(string))
	}))
	assert.Len(t, h.objects(t, alertsPath, "$top", "5000").Value, 1_000, "a larger page is cut")
	assert.Len(t, h.objects(t, incidentsPath, "$top", "50").Value, 50)
	assert.Contains(t, string(h.security(t, http.MethodGet, incidentsPath, "", "$top", "51").body), "The limit of '50' for Top query has been exceeded")
	for _, refused := range [][]string{
		{"$skip", "501"}, {"$select", "id"}, {"$filter", "investigationState eq 'running'"}, {"$orderby", "title"}, {"$top", "x"},
	} {
		assert.Equal(t, http.StatusBadRequest, h.security(t, http.MethodGet, alertsPath, "", refused...).StatusCode, refused)
	}
	page := h.objects(t, alertsPath, "$count", "true", "$top", "1", "$filter", "lastUpdateDateTime ge "+noon.Add(-time.Hour).Format(time.RFC3339))
	assert.Equal(t, 1_200, *page.Count)

	h.SetSecurityOrder(OrderRefused)
	assert.Equal(t, http.StatusBadRequest, h.security(t, http.MethodGet, alertsPath, "", "$orderby", "lastUpdateDateTime asc").StatusCode)
	h.SetSecurityOrder(OrderIgnored)
	assert.Equal(t, "da1197", h.objects(t, alertsPath, "$orderby", "lastUpdateDateTime asc", "$top", "1").Value[0]["id"])

	h.BreakAlerts(noon.Add(-time.Hour), noon.Add(-time.Hour).Add(time.Second))
	assert.Equal(t, http.StatusInternalServerError, h.security(t, http.MethodGet, alertsPath, "", "$top", "1000", "$filter", "lastUpdateDateTime lt "+noon.Add(-59*time.Minute).Format(time.RFC3339)).StatusCode)
	assert.Len(t, h.objects(t, alertsPath, "$top", "10").Value, 10, "another window is whole")
}

func TestSecurityVersions(t *testing.T) {
	h := start(t, Options{Roles: []string{RoleGraph, RoleAlertsWrite}})
	h.putAlert(t, "da1", noon.Add(-time.Minute), noon.Add(time.Minute))
	assert.Empty(t, h.objects(t, alertsPath).Value, "it cannot be read yet")
	assert.Equal(t, http.StatusNotFound, h.security(t, http.MethodGet, alertsPath+"/da1", "").StatusCode)
	h.clock.Advance(2 * time.Minute)
	assert.Len(t, h.objects(t, alertsPath).Value, 1)

	answer := h.security(t, http.MethodPatch, alertsPath+"/da1", `{"status":"resolved","classification":"truePositive","comments":[{"comment":"x"}]}`)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", answer.body)
	var alert map[string]any
	require.NoError(t, json.Unmarshal(answer.body, &alert))
	assert.Equal(t, []any{"resolved", "truePositive", nil}, []any{alert["status"], alert["classification"], alert["comments"]})
	assert.Equal(t, noon.Add(2*time.Minute).Format(time.RFC3339), alert["lastUpdateDateTime"])
	assert.Equal(t, http.StatusBadRequest, h.security(t, http.MethodPatch, alertsPath+"/da1", `{"title":"x"}`).StatusCode)

	h.clock.Advance(time.Second)
	answer = h.security(t, http.MethodPost, alertsPath+"/da1/comments", `{"@odata.type":"microsoft.graph.security.alertComment","comment":"seen"}`)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", answer.body)
	assert.Contains(t, string(answer.body), `"comment":"seen"`)
	assert.Len(t, h.Alerts(), 3)

	assert.Equal(t, http.StatusForbidden, h.security(t, http.MethodGet, incidentsPath, "").StatusCode)
	h.SetRoles(RoleGraph, RoleAlerts)
	h.RevokeTokens()
	clear(h.tokens)
	denied := h.security(t, http.MethodPatch, alertsPath+"/da1", `{"status":"new"}`)
	assert.Equal(t, http.StatusForbidden, denied.StatusCode)
	assert.Contains(t, string(denied.body), "API required roles: "+RoleAlertsWrite)
	written := h.Report()
	assert.Equal(t, []int64{3, 1, 4, 0}, []int64{
		written.Written("alerts_v2", http.MethodPatch), written.Written("", http.MethodPost), written.Written("", ""), written.Written("incidents", ""),
	}, "also what was refused")
}

func TestSecurityAnswersThatAreNotWhole(t *testing.T) {
	h := start(t, Options{})
	for i := range 10 {
		h.putAlert(t, fmt.Sprintf("da%d", i), noon, noon)
	}
	h.FailNext(1, Fault{Kind: FaultPartial})
	answer := h.security(t, http.MethodGet, alertsPath, "")
	assert.Equal(t, http.StatusPartialContent, answer.StatusCode)
	assert.NotEmpty(t, answer.Header.Get("Warning"))
	h.FailNext(1, Fault{Kind: FaultTooManyRequests, Table: "alerts_v2"})
	answer = h.security(t, http.MethodGet, alertsPath, "")
	assert.Equal(t, []any{http.StatusTooManyRequests, "10"}, []any{answer.StatusCode, answer.Header.Get("Retry-After")})
	assert.Contains(t, string(h.security(t, http.MethodGet, alertsPath, "").body), `"remediationStatus":"active"`)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL()+alertsPath, http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+h.token(t, graphPath))
	plain := string(h.do(t, req).body)
	assert.NotContains(t, plain, "microsoftSentinel", "without Prefer, what is newer than the sentinel has no name")
	assert.Contains(t, plain, `"remediationStatus":"unknownFutureValue"`)
}
