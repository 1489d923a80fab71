package defendercontrolextension

import (
	"crypto/rand"
	"net/http"

	"go.uber.org/zap"
)

// handler answers requests that the guard has let pass.
type handler struct {
	registry *registry
	logger   *zap.Logger
	page     *page
	// token proves that a form was on a page of this process.
	token string
}

// newHandler serves page and API.
func newHandler(cfg *Config, shown *registry, logger *zap.Logger) (http.Handler, error) {
	page, err := newPage()
	if err != nil {
		return nil, err
	}
	h := &handler{registry: shown, logger: logger, page: page, token: rand.Text()}
	mux := http.NewServeMux()
	h.registerAPI(mux)
	h.registerPage(mux)
	return newGuard(cfg, mux), nil
}
