package defendercontrolextension

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
)

//go:embed assets
var assets embed.FS

// page answers browsers.
type page struct {
	commander *commander
	templates *template.Template
	// token proves that a form was on a page of this process.
	token string
}

func newPage(c *commander) (*page, error) {
	templates, err := template.ParseFS(assets, "assets/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the page's templates: %w", err)
	}
	return &page{commander: c, templates: templates, token: rand.Text()}, nil
}

// register registers what a browser asks for. Without scripts a button leads to /confirm, whose form posts to /act.
// With them the same form is shown in a dialog, and /fragment is asked for again and again.
func (p *page) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { p.show(w, http.StatusOK, "page", p.view()) })
	mux.HandleFunc("GET /fragment", func(w http.ResponseWriter, _ *http.Request) { p.show(w, http.StatusOK, "live", p.view()) })
	mux.HandleFunc("GET /confirm", p.confirm)
	mux.HandleFunc("POST /act", p.act)
	mux.HandleFunc("GET /report", p.showReport)
	mux.Handle("GET /assets/page.css", http.FileServerFS(assets))
	mux.Handle("GET /assets/page.js", http.FileServerFS(assets))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		p.show(w, http.StatusNotFound, "message", message{Title: "There is no such page", Text: "The status page is at /."})
	})
}

func (p *page) view() view { return newView(p.commander.registry.status(), time.Now()) }

// show writes a template.
func (p *page) show(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, data); err != nil {
		p.commander.logger.Error("The control page cannot be shown.", zap.Error(err))
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

func (p *page) confirm(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c := confirmation{Action: q.Get("action"), Receiver: q.Get("receiver"), Table: q.Get("table"), Token: p.token}
	what := c.Table
	if what == "" {
		what = "all tables of " + c.Receiver
	}
	switch c.Action {
	case actionPause:
		c.Title, c.Button = "Pause "+what+"?", "Pause"
		c.Text = "It is not read until somebody resumes it, also after a restart. A poll that is under way ends first. No rows are lost: it goes on " +
			"where it stands, as long as the service keeps the rows, which is 30 days, and a storage account its blobs."
	case actionResume:
		c.Title, c.Button = "Resume "+what+"?", "Resume"
		c.Text = "It is polled at once, and goes on where it stands."
	case actionTest:
		c.Title, c.Button = "Test the connection of "+c.Receiver+"?", "Test"
		c.Text = "The test asks the service for a token, and for what each table or container has. Queries are charged to the receiver's quota, and " +
			"a storage account bills each request. It can take " +
			"some minutes."
	case actionStop:
		c.Title, c.Button = "Stop "+c.Receiver+"?", "Stop"
		c.Text = "It resolves no alert until somebody lets it go on, also after a restart. A request that is under way ends. Alerts that are " +
			"resolved stay resolved."
	case actionStart:
		c.Title, c.Button = "Let "+c.Receiver+" go on?", "Go on"
		c.Text = "It goes on with the alerts that wait. With the mode enabled, they are resolved in the tenant."
	default:
		p.show(w, http.StatusNotFound, "message", message{Title: "There is no such action", Text: "Go back to the status page."})
		return
	}
	p.show(w, http.StatusOK, "confirm", c)
}

// message is a page with a few words, and what a test or report says.
type message struct {
	Title, Text, Result string
}

// act carries out what a user has confirmed. Without scripts the answer leads back to the page.
func (p *page) act(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.PostFormValue("token")), []byte(p.token)) != 1 {
		p.show(w, http.StatusForbidden, "message", message{
			Title: "This form is too old", Text: "The collector was restarted since it was shown. Go back to the status page and try again.",
		})
		return
	}
	result, err := p.command(r)
	switch {
	case err != nil:
		p.show(w, statusOf(err), "message", message{Title: "It could not be done", Text: err.Error()})
	case result != nil:
		p.show(w, http.StatusOK, "message", message{Title: "Connection of " + r.PostFormValue("receiver"), Result: result.Text()})
	default:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// command is what a form commands, of a resolver or of a receiver.
func (p *page) command(r *http.Request) (control.Result, error) {
	c := command{r.PostFormValue("action"), r.PostFormValue("receiver"), r.PostFormValue("table")}
	if c.action == actionStop || c.action == actionStart {
		return nil, p.commander.throw(r, c.action, c.receiver)
	}
	return p.commander.carryOut(r, c)
}

func (p *page) showReport(w http.ResponseWriter, r *http.Request) {
	id, day := r.URL.Query().Get("receiver"), r.URL.Query().Get("day")
	result, err := p.commander.report(r.Context(), id, day)
	if err != nil {
		p.show(w, statusOf(err), "message", message{Title: "There is no report", Text: err.Error()})
		return
	}
	p.show(w, http.StatusOK, "message", message{Title: "Report of " + id + ", " + day, Result: result.Text()})
}
