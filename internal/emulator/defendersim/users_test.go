package defendersim

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
)

const usersDeltaPath = "/v1.0/users/delta"

// usersPage is one answer of Graph's users.
type usersPage struct {
	Next  string           `json:"@odata.nextLink"`
	Delta string           `json:"@odata.deltaLink"`
	Value []map[string]any `json:"value"`
}

func (h *harness) getUsers(t *testing.T, url string, header ...string) reply {
	t.Helper()
	if strings.HasPrefix(url, "/") {
		url = h.URL() + url
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+h.token(t, graphPath))
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return h.do(t, req)
}

func (a reply) users(t *testing.T) usersPage {
	t.Helper()
	require.NoError(t, a.err)
	require.Equal(t, http.StatusOK, a.StatusCode, "%s", a.body)
	var page usersPage
	require.NoError(t, json.Unmarshal(a.body, &page))
	return page
}

// round reads to the end and gives the link to the changes.
func (h *harness) round(t *testing.T, url string, header ...string) (users []map[string]any, delta string, pages int) {
	t.Helper()
	for url != "" {
		page := h.getUsers(t, url, header...).users(t)
		pages++
		users = append(users, page.Value...)
		url, delta = page.Next, page.Delta
	}
	return users, delta, pages
}

func tenantOptions() Options {
	return Options{Tenant: &tenant.Config{Seed: 1, Start: noon, History: time.Hour, RowsPerDay: 10_000, Domain: "acme.com"}}
}

const selectAll = "?$select=id,userPrincipalName,onPremisesSecurityIdentifier,onPremisesSamAccountName,onPremisesDomainName,securityIdentifier"

// The users are the people of IdentityInfo, and have the same ids.
func TestUsersAreThoseOfIdentityInfo(t *testing.T) {
	h := start(t, tenantOptions())
	users, delta, pages := h.round(t, usersDeltaPath+selectAll)
	assert.NotEmpty(t, delta)
	assert.Equal(t, 1, pages)
	byID := map[string]map[string]any{}
	for _, u := range users {
		byID[u["id"].(string)] = u
	}
	rows := h.query(t, graphPath, "IdentityInfo | summarize arg_max(Timestamp, *) by AccountObjectId").rows(t)
	require.NotEmpty(t, rows)
	require.Len(t, byID, len(rows))
	for _, row := range rows {
		u := byID[row["AccountObjectId"].(string)]
		require.NotNil(t, u)
		assert.Equal(t, row["AccountUpn"], u["userPrincipalName"])
		assert.Equal(t, row["CloudSid"], u["securityIdentifier"])
		if row["OnPremSid"] == "" {
			assert.NotContains(t, u, "onPremisesSecurityIdentifier")
			continue
		}
		assert.Equal(t, row["OnPremSid"], u["onPremisesSecurityIdentifier"])
		assert.Equal(t, "acme.local", u["onPremisesDomainName"])
		assert.NotEmpty(t, u["onPremisesSamAccountName"])
	}
}

// putUsers adds users u0, u1, ... to the directory.
func (h *harness) putUsers(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		id := string(rune('a' + i))
		require.NoError(t, h.PutUser(map[string]any{"id": id, "userPrincipalName": id + "@acme.com", "displayName": strings.ToUpper(id)}))
	}
}

func ids(users []map[string]any) []string {
	var found []string
	for _, u := range users {
		found = append(found, u["id"].(string))
	}
	return found
}

func TestUsersPageByPage(t *testing.T) {
	h := start(t, Options{UserPage: 4})
	h.putUsers(t, 7)
	for name, c := range map[string]struct {
		query  string
		header []string
		pages  int
	}{
		"largest":   {"", nil, 2},
		"$top":      {"?$top=3", nil, 3},
		"preferred": {"", []string{"Prefer", "return=minimal, odata.maxpagesize=2"}, 4},
	} {
		for _, path := range []string{usersDeltaPath, "/v1.0/users", "/beta/users/delta"} {
			users, delta, pages := h.round(t, path+c.query, c.header...)
			assert.Equal(t, []string{"a", "b", "c", "d", "e", "f", "g"}, ids(users), name)
			assert.Equal(t, strings.HasSuffix(path, "delta"), delta != "", name)
			assert.Equal(t, c.pages, pages, name)
		}
	}
}

func TestUsersSelect(t *testing.T) {
	h := start(t, Options{})
	h.putUsers(t, 1)
	page := h.getUsers(t, usersDeltaPath+"?$select=displayName").users(t)
	assert.Equal(t, []map[string]any{{"id": "a", "displayName": "A"}}, page.Value)
	assert.Equal(t, []map[string]any{{"id": "a", "displayName": "A"}}, h.getUsers(t, usersDeltaPath+"?$select=displayName,mail").users(t).Value,
		"what was never set is left out")
	list := h.getUsers(t, "/v1.0/users").users(t)
	assert.Contains(t, list.Value[0], "mail", "null in a list")
	assert.NotContains(t, list.Value[0], "securityIdentifier", "not by default")
	assert.Contains(t, h.getUsers(t, usersDeltaPath+"?$select=colour").message(t, 400), "Could not find a property named 'colour'")
	h.getUsers(t, usersDeltaPath+"?$top=1000").message(t, 400)
	h.getUsers(t, usersDeltaPath+"?$orderby=id").message(t, 400)
}

// A round by delta link gives what has changed in what the client tracks, and nothing else.
func TestUsersDelta(t *testing.T) {
	h := start(t, Options{UserPage: 2})
	h.putUsers(t, 5)
	_, link, _ := h.round(t, usersDeltaPath+"?$select=displayName")
	_, again, _ := h.round(t, link)
	users, _, _ := h.round(t, again)
	assert.Empty(t, users)

	require.NoError(t, h.PutUser(map[string]any{"id": "b", "mail": "b@acme.com"}))
	require.NoError(t, h.PutUser(map[string]any{"id": "c", "displayName": "C2"}))
	require.NoError(t, h.PutUser(map[string]any{"id": "d", "displayName": nil}))
	require.NoError(t, h.PutUser(map[string]any{"id": "new", "displayName": "N"}))
	require.NoError(t, h.RemoveUser("a", false))
	require.NoError(t, h.RemoveUser("E", true))
	users, next, pages := h.round(t, again)
	assert.Equal(t, 3, pages)
	assert.Equal(t, []map[string]any{
		{"id": "a", "@removed": map[string]any{"reason": "changed"}},
		{"id": "c", "displayName": "C2"},
		{"id": "d", "displayName": nil},
		{"id": "e", "@removed": map[string]any{"reason": "deleted"}},
		{"id": "new", "displayName": "N"},
	}, users, "of b nothing changed that was selected")
	require.NoError(t, h.PutUser(map[string]any{"id": "a"}))
	users, _, _ = h.round(t, next)
	assert.Equal(t, []map[string]any{{"id": "a", "displayName": "A"}}, users, "restored")
	users, _, _ = h.round(t, usersDeltaPath)
	assert.Equal(t, []string{"a", "b", "c", "d", "new"}, ids(users))
	assert.Len(t, h.Users(), 5)
}

// What changes while a round is read is in this round or in the next.
func TestUsersThatChangeDuringARound(t *testing.T) {
	h := start(t, Options{UserPage: 2})
	h.putUsers(t, 4)
	page := h.getUsers(t, usersDeltaPath).users(t)
	require.NoError(t, h.PutUser(map[string]any{"id": "a", "displayName": "late"}))
	require.NoError(t, h.RemoveUser("c", true))
	users, link, _ := h.round(t, page.Next)
	assert.Equal(t, []string{"d"}, ids(users))
	users, _, _ = h.round(t, link)
	assert.Equal(t, []string{"a", "c"}, ids(users))
}

func TestUsersLinkIsLost(t *testing.T) {
	h, other := start(t, Options{UserPage: 1}), start(t, Options{})
	h.putUsers(t, 2)
	page := h.getUsers(t, usersDeltaPath).users(t)
	_, link, _ := h.round(t, page.Next)
	_, foreign, _ := other.round(t, usersDeltaPath)
	_, token, _ := strings.Cut(foreign, "?")
	gone := func(url string) {
		t.Helper()
		a := h.getUsers(t, url)
		assert.Contains(t, a.message(t, http.StatusGone), "synchronized again")
		assert.Contains(t, string(a.body), `"code":"syncStateNotFound"`)
		assert.Equal(t, h.URL()+usersDeltaPath+"?$deltatoken=", a.Header.Get("Location"))
		users, _, _ := h.round(t, a.Header.Get("Location"))
		assert.Len(t, users, 2)
	}
	gone(usersDeltaPath + "?" + token)
	h.getUsers(t, usersDeltaPath+"?$deltatoken=xyz").message(t, http.StatusBadRequest)
	h.getUsers(t, "/v1.0/users?"+strings.SplitN(link, "?", 2)[1]).message(t, http.StatusBadRequest)
	h.ExpireUserLinks()
	gone(link)
	gone(page.Next)
	_, link, _ = h.round(t, usersDeltaPath)
	h.clock.Advance(7*24*time.Hour - time.Hour)
	h.renew()
	h.round(t, link)
	h.clock.Advance(time.Hour + time.Second)
	h.renew()
	gone(link)
}

func TestUsersNeedTheirPermission(t *testing.T) {
	h := start(t, Options{Roles: []string{RoleGraph}})
	a := h.getUsers(t, usersDeltaPath)
	assert.Equal(t, "Insufficient privileges to complete the operation.", a.message(t, http.StatusForbidden))
	assert.Contains(t, string(a.body), `"code":"Authorization_RequestDenied"`)
	h.SetRoles(RoleUsers)
	h.renew()
	h.getUsers(t, usersDeltaPath).users(t)
	h.RevokeTokens()
	h.getUsers(t, usersDeltaPath).message(t, http.StatusUnauthorized)
}

// Graph's directory has its own faults and limits.
func TestUsersFaults(t *testing.T) {
	h := start(t, Options{Limits: &Limits{CallsPerMinute: 1}})
	h.putUsers(t, 20)
	for kind, status := range map[FaultKind]int{
		FaultTooManyRequests: 429, FaultBareThrottle: 429, FaultUnauthorized: 401, FaultServerError: 500, FaultHTML502: 502,
		FaultUnavailable: 503, FaultGatewayTimeout: 504,
	} {
		h.FailNext(1, Fault{Kind: kind, Table: "Users"})
		assert.Equal(t, status, h.getUsers(t, usersDeltaPath).StatusCode, kind)
	}
	h.FailNext(1, Fault{Kind: FaultResultSize})
	h.getUsers(t, usersDeltaPath).users(t)
	for _, kind := range []FaultKind{FaultTruncate, FaultBadJSON, FaultReset} {
		h.FailNext(1, Fault{Kind: kind, Table: "Users"})
		a := h.getUsers(t, usersDeltaPath)
		if a.err == nil {
			assert.Error(t, json.Unmarshal(a.body, &usersPage{}), kind)
		}
	}
	assert.EqualValues(t, 1, h.Report().Table("Users").Queries)
	assert.EqualValues(t, 20, h.Report().Table("Users").RowsReturned)
	assert.EqualValues(t, 2, h.Report().Throttled)
	require.Error(t, h.PutUser(map[string]any{"displayName": "nobody"}))
	require.Error(t, h.PutUser(map[string]any{"id": "x", "colour": "red"}))
	require.Error(t, h.RemoveUser("x", true))
	assert.Len(t, slices.Collect(maps.Keys(h.Users()[0])), 3)
}

// The two limits are told apart: a hunting call during the Retry-After of the directory is not early.
func TestUsersThrottleIsTheirOwn(t *testing.T) {
	h := start(t, Options{compile: rowsOf(1, twoColumns, twoValues)})
	h.FailNext(1, Fault{Kind: FaultTooManyRequests, Table: "Users"})
	h.getUsers(t, usersDeltaPath)
	h.clock.Advance(5 * time.Second)
	h.query(t, graphPath, "T").rows(t)
	assert.Zero(t, h.Report().RetriedTooEarly)
	h.getUsers(t, usersDeltaPath)
	assert.EqualValues(t, 1, h.Report().RetriedTooEarly)
}
