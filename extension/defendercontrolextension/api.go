package defendercontrolextension

import (
	"net/http"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// registerAPI registers the API. The id of a receiver has a slash where it has a name. Both forms are taken: with the
// slash as it is, and as %2F.
func (h *handler) registerAPI(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/status", h.apiStatus)
	mux.HandleFunc("POST /api/v1/turns/{turn}", h.turns.Return)
	for _, id := range []string{"{id}", "{type}/{name}"} {
		receiver := "/api/v1/receivers/" + id
		mux.HandleFunc("GET "+receiver+"/report", h.apiReport)
		mux.HandleFunc("POST "+receiver+"/test", h.apiCommand(actionTest))
		mux.HandleFunc("POST "+receiver+"/turns", h.apiTurn)
		mux.HandleFunc("POST "+receiver+"/resume", h.apiCommand(actionResume))
		mux.HandleFunc("POST "+receiver+"/tables/{table}/pause", h.apiCommand(actionPause))
		mux.HandleFunc("POST "+receiver+"/tables/{table}/resume", h.apiCommand(actionResume))
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, r, http.StatusNotFound, refusal("the API has no "+r.Method+" "+r.URL.Path))
	})
}

// receiverOf is the id of the receiver that a path names.
func receiverOf(r *http.Request) string {
	if name := r.PathValue("name"); name != "" {
		return r.PathValue("type") + "/" + name
	}
	return r.PathValue("id")
}

func (h *handler) apiStatus(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, h.registry.status())
}

// apiCommand carries out a command, and answers with what it gives, else with the receiver's new status.
func (h *handler) apiCommand(action string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := command{action: action, receiver: receiverOf(r), table: r.PathValue("table")}
		result, err := h.carryOut(r, c)
		switch {
		case err != nil:
			fail(w, r, statusOf(err), err)
		case result != nil:
			writeJSON(w, http.StatusOK, result)
		default:
			h.apiReceiver(w, r, c.receiver)
		}
	}
}

func (h *handler) apiReceiver(w http.ResponseWriter, r *http.Request, id string) {
	for _, status := range h.registry.status().Receivers {
		if status.ID == id {
			writeJSON(w, http.StatusOK, status)
			return
		}
	}
	fail(w, r, http.StatusNotFound, errNoReceiver)
}

func (h *handler) apiReport(w http.ResponseWriter, r *http.Request) {
	result, err := h.report(r, receiverOf(r), r.URL.Query().Get("day"))
	if err != nil {
		fail(w, r, statusOf(err), err)
		return
	}
	writeJSON(w, http.StatusOK, result)
}

// apiTurn lends a turn of a receiver's quota.
func (h *handler) apiTurn(w http.ResponseWriter, r *http.Request) {
	receiver, ok := h.registry.receiver(receiverOf(r))
	if !ok {
		fail(w, r, http.StatusNotFound, errNoReceiver)
		return
	}
	lender, ok := receiver.(control.Lender)
	if !ok {
		fail(w, r, http.StatusNotImplemented, errNoTurns)
		return
	}
	h.turns.Take(w, r, lender)
}

// report is a receiver's of a day.
func (h *handler) report(r *http.Request, id, day string) (control.Result, error) {
	date, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, errDay
	}
	receiver, ok := h.registry.receiver(id)
	if !ok {
		return nil, errNoReceiver
	}
	reporter, ok := receiver.(control.Reporter)
	if !ok {
		return nil, errNoReport
	}
	result, err := reporter.Report(r.Context(), date)
	if err != nil {
		return nil, err
	}
	if to, takes := result.(dropsTaker); takes {
		h.registry.addDrops(to, proof.DayOf(date))
	}
	return result, nil
}

// dropper is a processor that knows what it dropped of a day's rows.
type dropper interface {
	Dropped(day proof.Day) proof.Drops
}

// dropsTaker is a report that says what was dropped.
type dropsTaker interface {
	AddDrops(processor string, d proof.Drops)
}
