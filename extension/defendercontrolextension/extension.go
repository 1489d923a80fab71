package defendercontrolextension

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/extension"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/control/turns"
)

// controlExtension serves the page and the API.
type controlExtension struct {
	*registry
	cfg       *Config
	telemetry component.TelemetrySettings

	// Set by Start.
	turns   *turns.Desk
	server  *http.Server
	address net.Addr
	serving sync.WaitGroup
}

var _ extension.Extension = (*controlExtension)(nil)

// Start implements component.Component.
func (e *controlExtension) Start(ctx context.Context, host component.Host) error {
	e.find(host)
	e.turns = turns.NewDesk(fail)
	h, err := newHandler(e.cfg, e.registry, e.turns, e.telemetry.Logger)
	if err != nil {
		return err
	}
	listener, err := e.cfg.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("'endpoint': listen on %s: %w", e.cfg.NetAddr.Endpoint, err)
	}
	server, err := e.cfg.ToServer(ctx, host.GetExtensions(), e.telemetry, h, confighttp.WithErrorHandler(e.refuse))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	e.server, e.address = server, listener.Addr()
	e.serving.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewRecoverableErrorEvent(fmt.Errorf("the control page is not served any more: %w", err)))
		}
	})
	if e.cfg.Auth.HasValue() && !e.cfg.TLS.HasValue() {
		e.telemetry.Logger.Warn("Credentials for the control page cross the network in clear text: set tls, or let a proxy on this machine add it.")
	}
	e.telemetry.Logger.Info("The control page is served.", zap.Stringer("address", e.address))
	return nil
}

// refuse answers in place of the handler, e.g. who has not said who they are. A browser asks for a password when it is
// told that there is one.
func (e *controlExtension) refuse(w http.ResponseWriter, r *http.Request, text string, status int) {
	if status == http.StatusUnauthorized {
		scheme := "Bearer"
		if e.cfg.Auth.HasValue() && e.cfg.Auth.Get().AuthenticatorID.Type().String() == "basicauth" {
			scheme = "Basic"
		}
		w.Header().Set("WWW-Authenticate", scheme+` realm="otelcol-defender"`)
		text = "say who you are: the extension's configuration names an authenticator under auth"
	}
	fail(w, r, status, errors.New(text))
}

// Shutdown implements component.Component.
func (e *controlExtension) Shutdown(ctx context.Context) error {
	if e.server == nil {
		return nil
	}
	err := e.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, e.server.Close())
	}
	e.serving.Wait()
	e.turns.Close()
	return err
}
