package defendercontrolextension

import (
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/control/turns"
)

// handler answers requests that the guard has let pass.
type handler struct {
	registry *registry
	logger   *zap.Logger
	page     *page
	turns    *turns.Desk
	// token proves that a form was on a page of this process.
	token string
}
