package hunting

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	usersBase  = "https://hunting.example/base/v1.0/users/delta"
	deltaLink  = usersBase + "?$deltatoken=d1"
	emptyUsers = `{"value":[],"@odata.deltaLink":"` + deltaLink + `"}`
)

// readUsers gives the rows of one answer, where it leads, and the error that ended it.
func readUsers(tb testing.TB, body string) ([]map[string]any, Link, error) {
	tb.Helper()
	rows, err := newTestClient(tb, Graph, answering(http.StatusOK, nil, body)).Users(tb.Context(), "")
	require.NoError(tb, err)
	defer rows.Close()
	all, err := drain(rows)
	return all, rows.Link(), err
}

func TestUsersSendsWhatGraphExpects(t *testing.T) {
	var asked []*http.Request
	client := newTestClient(t, Graph, func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r)
		return answer(http.StatusOK, nil, emptyUsers), nil
	})
	for _, link := range []string{"", deltaLink, "https://HUNTING.example:443/base/v1.0/users/delta?$skiptoken=a%2Fb"} {
		rows, err := client.Users(t.Context(), link)
		require.NoError(t, err)
		require.NoError(t, rows.Close())
	}
	assert.Equal(t, usersBase+"?$select=id,userPrincipalName,displayName,onPremisesSecurityIdentifier,onPremisesSamAccountName,"+
		"onPremisesDomainName,securityIdentifier,userType,accountEnabled", asked[0].URL.String())
	assert.Equal(t, deltaLink, asked[1].URL.String())
	assert.Equal(t, "$skiptoken=a%2Fb", asked[2].URL.RawQuery, "the service's own text")
	for _, r := range asked {
		assert.Equal(t, http.MethodGet, r.Method)
		assert.Equal(t, "Bearer token-1", r.Header.Get("Authorization"))
		assert.Equal(t, "odata.maxpagesize=999", r.Header.Get("Prefer"))
		assert.Equal(t, "otelcol-defender/test", r.Header.Get("User-Agent"))
	}
}

func TestUsersRows(t *testing.T) {
	users, link, err := readUsers(t, `{"@odata.context":"c","@odata.nextLink":"`+usersBase+`?$skiptoken=s1","value":[
		{"id":"1","userPrincipalName":"jane@acme.com","onPremisesDomainName":null,"accountEnabled":true},
		{"id":"2","@removed":{"reason":"changed"}},
		{"@removed":{},"id":"3"}]}`)
	require.NoError(t, err)
	assert.Equal(t, []map[string]any{
		{"id": "1", "userPrincipalName": "jane@acme.com", "accountEnabled": true},
		{"id": "2", "removed": true},
		{"id": "3", "removed": true},
	}, users)
	assert.Equal(t, Link{URL: usersBase + "?$skiptoken=s1"}, link)
	_, link, err = readUsers(t, emptyUsers)
	require.NoError(t, err)
	assert.Equal(t, Link{URL: deltaLink, Changes: true}, link)
	for _, both := range []string{
		`"@odata.deltaLink":"` + deltaLink + `","@odata.nextLink":"` + usersBase + `?n"`,
		`"@odata.nextLink":"` + usersBase + `?n","@odata.deltaLink":"` + deltaLink + `"`,
	} {
		_, link, err = readUsers(t, "{"+both+`,"value":[]}`)
		require.NoError(t, err)
		assert.Equal(t, Link{URL: usersBase + "?n"}, link, "first all pages")
	}
}

// An answer that is not whole, or from which there is no way on, is never taken for a page.
func TestUsersAnswerThatIsNotWhole(t *testing.T) {
	for name, body := range map[string]string{
		"no link":    `{"value":[{"id":"1"}]}`,
		"no users":   `{"@odata.deltaLink":"` + deltaLink + `"}`,
		"no text":    `{"value":[],"@odata.deltaLink":7}`,
		"cut":        `{"value":[{"id":"1"},{"id":"2`,
		"cut at end": `{"@odata.deltaLink":"` + deltaLink + `","value":[{"id":"1"}]`,
	} {
		_, _, err := readUsers(t, body)
		assert.Equal(t, Interrupted, kindOf(t, err), name)
		assert.ErrorContains(t, err, "the answer of Microsoft Graph's /users is not usable", name)
	}
	users, _, err := readUsers(t, `{"@odata.deltaLink":"`+deltaLink+`","value":[{"id":"1"},{"id":`)
	require.Error(t, err)
	assert.Len(t, users, 1, "what was whole before the break")
}

// The token goes to the endpoint's host alone, whatever an answer says.
func TestUsersTokenStaysWithItsHost(t *testing.T) {
	for _, link := range []string{
		"https://evil.example/base/v1.0/users/delta?$skiptoken=s", "http://hunting.example/base/v1.0/users/delta?$skiptoken=s",
		"https://hunting.example:8443/v1.0/users/delta", "https://hunting.example.evil.example/", "//evil.example/x",
		"https://hunting.example@evil.example/", "https://evil.example@hunting.example/", "ftp://hunting.example/", ":",
	} {
		client := newTestClient(t, Graph, func(r *http.Request) (*http.Response, error) {
			assert.Fail(t, "sent to "+r.URL.String())
			return answer(http.StatusOK, nil, emptyUsers), nil
		})
		_, err := client.Users(t.Context(), link)
		assert.Equal(t, BadQuery, kindOf(t, err), link)
		text, _ := json.Marshal(link)
		_, _, err = readUsers(t, `{"value":[{"id":"1"}],"@odata.nextLink":`+string(text)+`}`)
		want := Unexpected
		if link == ":" {
			want = Interrupted // it is no link at all
		}
		assert.Equal(t, want, kindOf(t, err), link)
	}
	sent := 0
	client := newTestClient(t, Graph, func(*http.Request) (*http.Response, error) {
		sent++
		return answer(http.StatusFound, http.Header{"Location": {"https://hunting.example/elsewhere"}}, ""), nil
	})
	_, err := client.Users(t.Context(), "")
	assert.Equal(t, Unexpected, kindOf(t, err))
	assert.Equal(t, 1, sent, "a redirect is not followed")
}

func TestUsersRefusals(t *testing.T) {
	for text, want := range map[string]Kind{
		`401 {"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed, the token is expired."}}`:   Unauthorized,
		`403 {"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`: Forbidden,
		`410 {"error":{"code":"syncStateNotFound","message":"The sync state generation is not found."}}`:                      LinkExpired,
		`410 `: LinkExpired,
		`400 {"error":{"code":"SyncStateNotFound","message":"The delta token is expired and data must be synchronized again."}}`: LinkExpired,
		`400 {"error":{"code":"resyncRequired","message":"Resync required."}}`:                                                   LinkExpired,
		`400 {"error":{"code":"Request_BadRequest","message":"Badly formed token. processing resources preempted"}}`:             BadQuery,
		`404 {"error":{"code":"Request_ResourceNotFound","message":"x"}}`:                                                        BadQuery,
		`429 {"error":{"code":"TooManyRequests","message":"cpu"}}`:                                                               RateLimited,
		`500 {"error":{"code":"UnknownError","message":""}}`:                                                                     Transient,
		`502 <html>`: Transient,
		`504 `:       Transient,
		`413 `:       Transient,
		`403 {"error":{"code":"Forbidden","message":"The tenant has no license."}}`: Unlicensed,
	} {
		code, body, _ := strings.Cut(text, " ")
		status, err := strconv.Atoi(code)
		require.NoError(t, err)
		_, err = newTestClient(t, Graph, answering(status, nil, body)).Users(t.Context(), deltaLink)
		assert.Equal(t, want, kindOf(t, err), text)
		verb := "refused the query"
		if want == Transient {
			verb = "failed"
		}
		assert.ErrorContains(t, err, "Microsoft Graph's /users "+verb+" with status "+code)
	}
	for status, want := range map[int]string{
		http.StatusNotFound: "offers no such API", http.StatusGone: "login or block page", http.StatusProxyAuthRequired: "wants a login",
		http.StatusForbidden: "login or block page", http.StatusLocked: "login or block page",
	} {
		body := "<html>"
		if status == http.StatusNotFound {
			body = ""
		}
		_, err := newTestClient(t, Graph, answering(status, nil, body)).Users(t.Context(), deltaLink)
		assert.Equal(t, Unexpected, kindOf(t, err), status)
		require.ErrorContains(t, err, want, status)
		require.ErrorContains(t, err, "came that is not that of Microsoft Graph's /users", status)
	}
	_, _, err := readUsers(t, "<html>")
	assert.Equal(t, Unexpected, kindOf(t, err))
	_, _, err = readUsers(t, `{"error":{"code":"Forbidden","message":"no"}}`)
	require.ErrorContains(t, err, "grant the app registration the application permission User.Read.All")
	_, _, err = readUsers(t, `{"error":{"code":"TooManyRequests","message":"wait"}}`)
	assert.Equal(t, RateLimited, kindOf(t, err), "inside a 200")
}

// A 401 is answered once by a new token, and asked first whether it may be.
func TestUsersTakeANewToken(t *testing.T) {
	again := 0
	client := newTestClient(t, Graph, func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			return answer(http.StatusUnauthorized, nil, ""), nil
		}
		return answer(http.StatusOK, nil, emptyUsers), nil
	})
	client.cfg.Again = func(context.Context) error { again++; return nil }
	rows, err := client.Users(t.Context(), "")
	require.NoError(t, err)
	require.NoError(t, rows.Close())
	assert.Equal(t, 1, again)
}

// A body that breaks is an error of the transport, not the end of the users.
func TestUsersBodyBreaks(t *testing.T) {
	client := newTestClient(t, Graph, func(*http.Request) (*http.Response, error) {
		a := answer(http.StatusOK, nil, "")
		a.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"value":[{"id":"1"},`), iotest.ErrReader(io.ErrUnexpectedEOF)))
		return a, nil
	})
	rows, err := client.Users(t.Context(), "")
	require.NoError(t, err)
	defer rows.Close()
	users, err := drain(rows)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, Interrupted, kindOf(t, err))
	assert.Len(t, users, 1)
}

// FuzzUsers: what ends without an error leads on, and to the endpoint's host.
func FuzzUsers(f *testing.F) {
	for _, seed := range []string{
		emptyUsers, `{"value":[{"id":"1","@removed":null},{"id":{}}],"@odata.nextLink":"?$skiptoken=s"}`,
		`{"@odata.nextLink":"https://evil.example/","value":[]}`, `{"error":{"code":"x"}}`, "{\"@odata.nextLink\":\"\xff\",\"value\":[]}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		_, link, err := readUsers(t, body)
		if err != nil {
			require.ErrorAs(t, err, new(*Error))
			return
		}
		client := newTestClient(t, Graph, func(r *http.Request) (*http.Response, error) {
			assert.Equal(t, "https", r.URL.Scheme)
			assert.Contains(t, []string{"hunting.example", "hunting.example:443"}, strings.ToLower(r.URL.Host))
			return answer(http.StatusOK, nil, emptyUsers), nil
		})
		rows, err := client.Users(t.Context(), link.URL)
		require.NoError(t, err)
		require.NoError(t, rows.Close())
	})
}
