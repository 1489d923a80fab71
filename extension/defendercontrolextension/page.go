package defendercontrolextension

import (
	"bytes"
	"crypto/subtle"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"go.uber.org/zap"
)

//go:embed assets
var assets embed.FS

// page has the templates.
type page struct {
	templates *template.Template
}

func newPage() (*page, error) {
	templates, err := template.ParseFS(assets, "assets/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the page's templates: %w", err)
	}
	return &page{templates}, nil
}

// registerPage registers what a browser asks for. Without scripts a button leads to /confirm, whose form posts to /act.
// With them the same form is shown in a dialog, and /fragment is asked for again and again.
func (h *handler) registerPage(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { h.show(w, http.StatusOK, "page", h.view()) })
	mux.HandleFunc("GET /fragment", func(w http.ResponseWriter, _ *http.Request) { h.show(w, http.StatusOK, "live", h.view()) })
	mux.HandleFunc("GET /confirm", h.confirm)
	mux.HandleFunc("POST /act", h.act)
	mux.HandleFunc("GET /report", h.showReport)
	mux.Handle("GET /assets/page.css", http.FileServerFS(assets))
	mux.Handle("GET /assets/page.js", http.FileServerFS(assets))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		h.show(w, http.StatusNotFound, "message", message{Title: "There is no such page", Text: "The status page is at /."})
	})
}

func (h *handler) view() view { return newView(h.registry.status(), time.Now()) }

// show writes a template.
func (h *handler) show(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := h.page.templates.ExecuteTemplate(&b, name, data); err != nil {
		h.logger.Error("The control page cannot be shown.", zap.Error(err))
		http.Error(w, "the page cannot be shown: the collector's log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the client has gone
}

// confirmation is what stands in the form that a user confirms.
type confirmation struct {
	Action, Receiver, Table, Token string
	Title, Text, Button            string
}

func (h *handler) confirm(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c := confirmation{Action: q.Get("action"), Receiver: q.Get("receiver"), Table: q.Get("table"), Token: h.token}
	what := c.Table
	if what == "" {
		what = "all tables of " + c.Receiver
	}
	switch c.Action {
	case actionPause:
		c.Title, c.Button = "Pause "+what+"?", "Pause"
		c.Text = "It is not read until somebody resumes it, also after a restart. A poll that is under way ends first. No rows are lost: it goes on " +
			"where it stands, as long as the service keeps the rows, which is 30 days."
	case actionResume:
		c.Title, c.Button = "Resume "+what+"?", "Resume"
		c.Text = "It is polled at once, and goes on where it stands."
	case actionTest:
		c.Title, c.Button = "Test the connection of "+c.Receiver+"?", "Test"
		c.Text = "The test asks the service for a token and for a few rows of each table. Its queries are charged to the receiver's quota. It can take " +
			"some minutes."
	default:
		h.show(w, http.StatusNotFound, "message", message{Title: "There is no such action", Text: "Go back to the status page."})
		return
	}
	h.show(w, http.StatusOK, "confirm", c)
}

// message is a page with a few words, and what a test or report says.
type message struct {
	Title, Text, Result string
}

// act carries out what a user has confirmed. Without scripts the answer leads back to the page.
func (h *handler) act(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.PostFormValue("token")), []byte(h.token)) != 1 {
		h.show(w, http.StatusForbidden, "message", message{
			Title: "This form is too old", Text: "The collector was restarted since it was shown. Go back to the status page and try again.",
		})
		return
	}
	result, err := h.carryOut(r, command{r.PostFormValue("action"), r.PostFormValue("receiver"), r.PostFormValue("table")})
	switch {
	case err != nil:
		h.show(w, statusOf(err), "message", message{Title: "It could not be done", Text: err.Error()})
	case result != nil:
		h.show(w, http.StatusOK, "message", message{Title: "Connection of " + r.PostFormValue("receiver"), Result: result.Text()})
	default:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

func (h *handler) showReport(w http.ResponseWriter, r *http.Request) {
	id, day := r.URL.Query().Get("receiver"), r.URL.Query().Get("day")
	result, err := h.report(r, id, day)
	if err != nil {
		h.show(w, statusOf(err), "message", message{Title: "There is no report", Text: err.Error()})
		return
	}
	h.show(w, http.StatusOK, "message", message{Title: "Report of " + id + ", " + day, Result: result.Text()})
}
