package checkup

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// token asks for a token, and looks at the roles in it.
func (w *walk) token(ctx context.Context) bool {
	if w.Token == nil {
		w.check(diagnosis.Access, "token", "", time.Now(), fine("is the matter of the extension under 'auth'; the first query shows whether it suffices"))
		return true
	}
	began := time.Now()
	token, err := w.Token(ctx)
	if err != nil {
		w.check(diagnosis.Access, "token", "", began, of(err))
		w.skip("tables", "there is no token")
		return false
	}
	said, readable := claimsOf(token)
	if !readable {
		w.check(diagnosis.Access, "token", "", began, fine("Entra ID gives a token"))
		w.check(diagnosis.Access, "roles", "", time.Now(), fine("cannot be read in this token; the first query shows whether they suffice"))
		return true
	}
	w.check(diagnosis.Access, "token", "", began, fine("Entra ID gives a token, for %s", said.audience()))
	w.check(diagnosis.Access, "roles", "", time.Now(), w.roles(said.Roles))
	return true
}

// roles says which roles are missing, for what. The service has the last word.
func (w *walk) roles(given []string) finding {
	hasUsers := slices.ContainsFunc(w.Tables, func(t Table) bool { return t.Source == tables.Graph })
	missing := func(wanted ...string) bool {
		return !slices.ContainsFunc(wanted, func(role string) bool { return slices.Contains(given, role) })
	}
	f := fine("%s", strings.Join(given, ", "))
	if len(given) == 0 {
		f.detail = "the token has none"
	}
	grant := func(role string) string {
		return "grant the app registration the application permission " + role + " and admin consent"
	}
	switch {
	case missing(w.Role):
		f.outcome, f.severity = diagnosis.NoPermission, diagnosis.Fatal
		f.detail, f.remedy = w.Role+" is missing, without which no table can be read; given: "+f.detail, grant(w.Role)
	case hasUsers && missing(w.UserRoles...):
		f.outcome, f.severity = diagnosis.NoPermission, diagnosis.Warning
		f.detail = w.UserRoles[0] + " is missing, without which Users cannot be read; given: " + f.detail
		f.remedy = grant(w.UserRoles[0]) + ", or set tables::Users::enabled: false"
	}
	return f
}

// claims are what a token says of itself. They are for showing: only the service can check them.
type claims struct {
	Audience any      `json:"aud"`
	Roles    []string `json:"roles"`
}

func (c claims) audience() string {
	if list, ok := c.Audience.([]any); ok && len(list) == 1 {
		return fmt.Sprint(list[0])
	}
	return fmt.Sprint(c.Audience)
}

func claimsOf(token string) (claims, bool) {
	var c claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, false
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &c) != nil {
		return c, false
	}
	return c, true
}

// first sends the smallest query, which shows that the service answers, and its clock.
func (w *walk) first(ctx context.Context) bool {
	began := time.Now()
	sent := w.Now()
	a, err := w.ask(ctx, query.First())
	if err != nil {
		w.check(diagnosis.Access, "query", "", began, w.judge(err))
		w.skip("tables", "the service does not answer a query")
		return false
	}
	w.check(diagnosis.Access, "query", "", began, fine("the hunting API answers: print 1"))
	if !a.now.IsZero() {
		// The service's time is that of the middle of the request, to half of its length.
		between := sent.Add(w.Now().Sub(sent) / 2)
		w.ahead = a.now.Sub(between)
		w.check(diagnosis.Access, "clock", "", time.Now(), ofClock(w.ahead))
	}
	return true
}

// clockTolerance is how far clocks may differ before somebody should look: Entra ID refuses assertions that are five
// minutes off.
const clockTolerance = time.Minute

func ofClock(ahead time.Duration) finding {
	f := fine("this machine's clock agrees with the service's, to %s", max(ahead.Abs().Round(100*time.Millisecond), 100*time.Millisecond))
	if ahead.Abs() < clockTolerance {
		return f
	}
	way := "behind"
	if ahead < 0 {
		way = "ahead of"
	}
	return finding{
		diagnosis.WrongClock, diagnosis.Warning,
		fmt.Sprintf("this machine's clock is %s %s the service's", ahead.Abs().Round(time.Second), way),
		"set this machine's clock (NTP): certificates and assertions are refused when it is too far off, and ObservedTimestamp is wrong", nil,
	}
}

// answer is the one row of a query of the test.
type answer struct {
	rows, unknown int64
	now           time.Time
}

// ask sends a query in the receiver's turn.
func (w *walk) ask(ctx context.Context, kql string) (answer, error) {
	if err := w.takeTurn(ctx, w.Hunting); err != nil {
		return answer{}, err
	}
	w.result.Queries++
	rows, err := w.Hunting.Query(ctx, service.Probe, query.Page{}, kql, query.ProbeColumns())
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	body := pcommon.NewMap()
	if ok, err := rows.Next(body); err != nil || !ok {
		return answer{}, errors.Join(errors.New("the answer has no row"), err)
	}
	a := answer{unknown: number(body, query.ProbeUnknown), now: instant(body)}
	if a.rows = number(body, query.ProbeRows); a.rows < 0 {
		return answer{}, fmt.Errorf("the answer's %s is no count", query.ProbeRows)
	}
	return a, nil
}

// takeTurn waits for the turn of a request, with patience.
func (w *walk) takeTurn(ctx context.Context, asker Asker) error {
	asker.Begin(time.Now())
	waiting, cancel := context.WithTimeout(ctx, w.Patience)
	defer cancel()
	err := asker.TakeTurn(waiting, service.Probe)
	if err != nil && ctx.Err() == nil {
		return errNoTurn
	}
	return err
}

// judge is what an error of a query means, and tells the scheduler of a 429.
func (w *walk) judge(err error) finding {
	if errors.Is(err, errNoTurn) {
		return w.noTurn()
	}
	f := of(err)
	if refused := (*hunting.Error)(nil); f.outcome == diagnosis.Throttled && errors.As(err, &refused) {
		w.Throttled(err)
	}
	return f
}

func (w *walk) noTurn() finding {
	if until, why := w.Blocked(); !until.IsZero() {
		return finding{
			diagnosis.Throttled, diagnosis.Warning, "the service asked to wait: " + why,
			"wait until " + until.UTC().Format(time.TimeOnly) + " UTC: the receiver does so by itself", nil,
		}
	}
	return finding{
		diagnosis.QuotaSpent, diagnosis.Warning,
		fmt.Sprintf("the receiver's share of the quota has had no room for a query for %s", w.Patience),
		"wait, or raise quota::share or the quota's figures if the tenant has more", nil,
	}
}

// number reads a count, which the service may also write as text. A count that is not there is -1.
func number(body pcommon.Map, column string) int64 {
	v, ok := body.Get(column)
	if !ok {
		return -1
	}
	n, err := strconv.ParseInt(v.AsString(), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func instant(body pcommon.Map) time.Time {
	v, ok := body.Get(query.ServiceNow)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, v.AsString())
	if err != nil {
		return time.Time{}
	}
	return t
}
