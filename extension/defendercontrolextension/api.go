package defendercontrolextension

import (
	"net/http"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/control/turns"
)

// api answers programs.
type api struct {
	commander *commander
	turns     *turns.Desk
}

// register registers the paths. The id of a receiver has a slash where it has a name. Both forms are taken: with the
// slash as it is, and as %2F.
func (a *api) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/status", a.status)
	mux.HandleFunc("POST /api/v1/turns/{turn}", a.turns.Return)
	for _, id := range []string{"{id}", "{type}/{name}"} {
		receiver := "/api/v1/receivers/" + id
		mux.HandleFunc("GET "+receiver+"/report", a.report)
		mux.HandleFunc("POST "+receiver+"/test", a.command(actionTest))
		mux.HandleFunc("POST "+receiver+"/turns", a.turn)
		mux.HandleFunc("POST "+receiver+"/resume", a.command(actionResume))
		mux.HandleFunc("POST "+receiver+"/tables/{table}/pause", a.command(actionPause))
		mux.HandleFunc("POST "+receiver+"/tables/{table}/resume", a.command(actionResume))
	}
	for _, id := range []string{"{id}", "{type}/{name}"} {
		mux.HandleFunc("POST /api/v1/resolvers/"+id+"/stop", a.throw(actionStop))
		mux.HandleFunc("POST /api/v1/resolvers/"+id+"/resume", a.throw(actionStart))
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, r, http.StatusNotFound, refusal("the API has no "+r.Method+" "+r.URL.Path))
	})
}

// receiverOf is the id of the receiver or resolver that a path names.
func receiverOf(r *http.Request) string {
	if name := r.PathValue("name"); name != "" {
		return r.PathValue("type") + "/" + name
	}
	return r.PathValue("id")
}

func (a *api) status(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, a.commander.registry.status())
}

// command carries out a command, and answers with what it gives, else with the receiver's new status.
func (a *api) command(action string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := command{action: action, receiver: receiverOf(r), table: r.PathValue("table")}
		result, err := a.commander.carryOut(r, c)
		switch {
		case err != nil:
			fail(w, r, statusOf(err), err)
		case result != nil:
			writeJSON(w, http.StatusOK, result)
		default:
			a.receiver(w, r, c.receiver)
		}
	}
}

func (a *api) receiver(w http.ResponseWriter, r *http.Request, id string) {
	for _, status := range a.commander.registry.status().Receivers {
		if status.ID == id {
			writeJSON(w, http.StatusOK, status)
			return
		}
	}
	fail(w, r, http.StatusNotFound, errNoReceiver)
}

// throw stops a resolver, or lets it go on, and answers with its new status.
func (a *api) throw(action string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := receiverOf(r)
		if err := a.commander.throw(r, action, id); err != nil {
			fail(w, r, statusOf(err), err)
			return
		}
		if resolver, ok := a.commander.registry.resolver(id); ok {
			writeJSON(w, http.StatusOK, resolver.Status())
		}
	}
}

func (a *api) report(w http.ResponseWriter, r *http.Request) {
	result, err := a.commander.report(r.Context(), receiverOf(r), r.URL.Query().Get("day"))
	if err != nil {
		fail(w, r, statusOf(err), err)
		return
	}
	writeJSON(w, http.StatusOK, result)
}

// turn lends a turn of a receiver's quota.
func (a *api) turn(w http.ResponseWriter, r *http.Request) {
	receiver, ok := a.commander.registry.receiver(receiverOf(r))
	if !ok {
		err := a.commander.registry.missing(receiverOf(r))
		fail(w, r, statusOf(err), err)
		return
	}
	lender, ok := receiver.(control.Lender)
	if !ok {
		fail(w, r, http.StatusNotImplemented, errNoTurns)
		return
	}
	a.turns.Take(w, r, lender)
}
