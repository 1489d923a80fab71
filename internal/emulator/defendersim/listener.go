package defendersim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// shutdownTimeout is how long close waits for calls that are under way.
const shutdownTimeout = 2 * time.Second

// listener serves over TLS, or in the clear where there is no certificate.
type listener struct {
	url      string
	http     *http.Server
	underWay *callWatch
	cancel   context.CancelFunc
	over     <-chan struct{} // closed when the serving ends
	served   sync.WaitGroup
}

func listen(ctx context.Context, address string, logger *slog.Logger, certificate *tls.Certificate, handler http.Handler) (*listener, error) {
	socket, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	// Calls that are under way outlive ctx for as long as shutdown lets them.
	calls, abandonCalls := context.WithCancel(context.WithoutCancel(ctx))
	l := &listener{url: "http://" + socket.Addr().String(), underWay: &callWatch{active: map[net.Conn]struct{}{}}}
	ctx, l.cancel = context.WithCancel(ctx)
	l.over = ctx.Done()
	l.http = &http.Server{
		Handler:           handler,
		ErrorLog:          log.New(errorLog{logger}, "", 0),
		BaseContext:       func(net.Listener) context.Context { return calls },
		ConnState:         l.underWay.observe,
		ReadHeaderTimeout: 10 * time.Second,
	}
	serve := l.http.Serve
	if certificate != nil {
		l.url = "https://" + socket.Addr().String()
		l.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
		serve = func(s net.Listener) error { return l.http.ServeTLS(s, "", "") }
	}
	l.served.Go(func() {
		if err := serve(socket); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("serve", "error", err)
		}
	})
	l.served.Go(func() {
		<-ctx.Done()
		l.shutdown(calls)
		abandonCalls()
	})
	return l, nil
}

// shutdown lets calls that are under way end, for a while. Left alone, http.Server.Shutdown would
// keep every HTTP/2 connection for a second after its last call.
func (l *listener) shutdown(calls context.Context) {
	ctx, cancel := context.WithTimeout(calls, shutdownTimeout)
	defer cancel()
	l.served.Go(func() {
		l.underWay.wait(ctx)
		cancel()
	})
	if l.http.Shutdown(ctx) != nil {
		_ = l.http.Close()
	}
}

// close ends the serving and waits until it has ended.
func (l *listener) close() {
	l.cancel()
	l.served.Wait()
}

// errorLog passes net/http's complaints on, such as clients that do not trust the CA.
type errorLog struct{ logger *slog.Logger }

func (l errorLog) Write(p []byte) (int, error) {
	l.logger.Debug(string(p))
	return len(p), nil
}
