package checkup

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
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
	said, err := entra.ReadClaims(token)
	if err != nil {
		w.check(diagnosis.Access, "token", "", began, fine("Entra ID gives a token"))
		w.check(diagnosis.Access, "roles", "", time.Now(), fine("cannot be read in this token; the first query shows whether they suffice"))
		return true
	}
	w.check(diagnosis.Access, "token", "", began, fine("Entra ID gives a token, for %s", said.Audience))
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
	switch {
	case len(w.Tables) > 0 && missing(w.Roles.Hunting):
		f.outcome, f.severity = diagnosis.NoPermission, diagnosis.Fatal
		f.detail, f.remedy = w.Roles.Hunting+" is missing, without which no table can be read; given: "+f.detail, grant(w.Roles.Hunting)
	case hasUsers && missing(w.Roles.Users...):
		f.outcome, f.severity = diagnosis.NoPermission, diagnosis.Warning
		f.detail = w.Roles.Users[0] + " is missing, without which Users cannot be read; given: " + f.detail
		f.remedy = grant(w.Roles.Users[0]) + ", or set tables::Users::enabled: false"
	}
	for _, feed := range w.Feeds {
		if missing(feed.Roles...) {
			f.lacks(feed)
		}
	}
	return f
}

func grant(role string) string {
	return "grant the app registration the application permission " + role + " and admin consent"
}

// lacks adds that a feed's role is missing.
func (f *finding) lacks(feed Feed) {
	f.outcome, f.severity = diagnosis.NoPermission, max(f.severity, diagnosis.Warning)
	given := f.detail
	if f.remedy != "" {
		f.remedy += "; "
	} else {
		given = "given: " + given
	}
	f.detail = feed.Roles[0] + " is missing, without which the feed " + feed.Name + " cannot be read; " + given
	f.remedy += grant(feed.Roles[0]) + ", or set feeds::" + feed.Name + "::enabled: false"
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
		w.check(diagnosis.Access, "clock", "", time.Now(), own(step.Clock(w.ahead, 100*time.Millisecond)))
	}
	return true
}
