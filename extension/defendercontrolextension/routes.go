package defendercontrolextension

import (
	"crypto/rand"
	"net/http"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/control/turns"
)

// newHandler serves page and API, with the turns that are lent by desk.
func newHandler(cfg *Config, shown *registry, desk *turns.Desk, logger *zap.Logger) (http.Handler, error) {
	page, err := newPage()
	if err != nil {
		return nil, err
	}
	h := &handler{registry: shown, logger: logger, page: page, turns: desk, token: rand.Text()}
	mux := http.NewServeMux()
	h.registerAPI(mux)
	h.registerPage(mux)
	return newGuard(cfg, mux), nil
}
