package defendercontrolextension

import (
	"net/http"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/control/turns"
)

// newHandler serves page and API, with the turns that are lent by desk.
func newHandler(cfg *Config, shown *registry, desk *turns.Desk, logger *zap.Logger) (http.Handler, error) {
	c := &commander{registry: shown, logger: logger}
	page, err := newPage(c)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	(&api{commander: c, turns: desk}).register(mux)
	page.register(mux)
	return newGuard(cfg, mux), nil
}
