package defendercontrolextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/client"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// What can be commanded.
const (
	actionPause  = "pause"
	actionResume = "resume"
	actionTest   = "test"
	// Of resolvers.
	actionStop  = "stop"
	actionStart = "start"
)

var (
	errNoReceiver = errors.New("there is no such receiver: GET /api/v1/status lists them")
	errNoResolver = errors.New("there is no such resolver: GET /api/v1/status lists them")
	errElsewhere  = errors.New("the receiver does not run on this worker")
	errNoTest     = errors.New("this receiver cannot test its connection")
	errNoReport   = errors.New("this receiver keeps no journal to report of")
	errNoTurns    = errors.New("this receiver lends no turns of its quota")
	errDay        = errors.New("say which day to report of, in UTC: ?day=YYYY-MM-DD")
	errAction     = errors.New("there is no such action")
)

// statusOf is the HTTP status of an error.
func statusOf(err error) int {
	switch {
	case errors.Is(err, errNoReceiver), errors.Is(err, errNoResolver), errors.Is(err, control.ErrNoTable), errors.Is(err, errAction):
		return http.StatusNotFound
	case errors.Is(err, errElsewhere):
		return http.StatusConflict
	case errors.Is(err, errDay):
		return http.StatusBadRequest
	case errors.Is(err, errNoTest), errors.Is(err, errNoReport):
		return http.StatusNotImplemented
	default:
		return http.StatusInternalServerError
	}
}

// commander carries out what users command and ask of receivers.
type commander struct {
	registry *registry
	logger   *zap.Logger
}

// command is what a user commands. Without a table it is of the whole receiver.
type command struct {
	action, receiver, table string
}

// carryOut does what a user commands, and says so in the log. The result is that of a test; nil for all else.
func (c *commander) carryOut(r *http.Request, wanted command) (control.Result, error) {
	receiver, ok := c.registry.receiver(wanted.receiver)
	if !ok {
		return nil, c.registry.missing(wanted.receiver)
	}
	result, err := wanted.of(r.Context(), receiver)
	fields := append(whoAsks(r), zap.String("action", wanted.action), zap.String("receiver", wanted.receiver))
	if wanted.table != "" {
		fields = append(fields, zap.String("table", wanted.table))
	}
	if err != nil {
		c.logger.Warn("A user's command failed.", append(fields, zap.Error(err))...)
		return nil, err
	}
	c.logger.Info("A user's command was carried out.", fields...)
	return result, nil
}

// of gives the command to a receiver.
func (c command) of(ctx context.Context, receiver control.Receiver) (control.Result, error) {
	switch {
	case c.action == actionPause && c.table != "":
		return nil, receiver.Pause(ctx, c.table)
	case c.action == actionResume && c.table != "":
		return nil, receiver.Resume(ctx, c.table)
	case c.action == actionResume:
		return nil, receiver.ResumeAll(ctx)
	case c.action == actionTest && c.table == "":
		tester, ok := receiver.(control.Tester)
		if !ok {
			return nil, errNoTest
		}
		return tester.Test(ctx)
	default:
		return nil, errAction
	}
}

// throw stops a resolver, or lets it go on, and says so in the log.
func (c *commander) throw(r *http.Request, action, id string) error {
	resolver, ok := c.registry.resolver(id)
	if !ok {
		return errNoResolver
	}
	do := resolver.Stop
	if action == actionStart {
		do = resolver.Resume
	}
	fields := append(whoAsks(r), zap.String("action", action), zap.String("resolver", id))
	if err := do(r.Context()); err != nil {
		c.logger.Warn("A user's command failed.", append(fields, zap.Error(err))...)
		return err
	}
	c.logger.Info("A user's command was carried out.", fields...)
	return nil
}

// report is a receiver's of a day.
func (c *commander) report(ctx context.Context, id, day string) (control.Result, error) {
	date, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, errDay
	}
	receiver, ok := c.registry.receiver(id)
	if !ok {
		return nil, c.registry.missing(id)
	}
	reporter, ok := receiver.(control.Reporter)
	if !ok {
		return nil, errNoReport
	}
	result, err := reporter.Report(ctx, date)
	if err != nil {
		return nil, err
	}
	if to, takes := result.(dropsTaker); takes {
		c.registry.addDrops(to, proof.DayOf(date))
	}
	if to, takes := result.(workerTaker); takes {
		if lease, known := c.registry.leases()[id]; known {
			to.SetWorker(lease.Worker)
		}
	}
	return result, nil
}

// whoAsks is who has sent a request: the address, and the name that the authenticator knows.
func whoAsks(r *http.Request) []zap.Field {
	fields := []zap.Field{zap.String("address", r.RemoteAddr)}
	info := client.FromContext(r.Context())
	if info.Auth == nil {
		return fields
	}
	for _, name := range []string{"subject", "username"} {
		if value := info.Auth.GetAttribute(name); value != nil && value != "" {
			return append(fields, zap.String("user", fmt.Sprint(value)))
		}
	}
	return fields
}
