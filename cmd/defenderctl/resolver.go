package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	api "github.com/otelcol-defender/otelcol-defender/internal/control"
)

const resolverHelp = `resolver commands the connectors alert_resolver of a running collector, which resolve the alerts of security tests in the tenant.`

const stopHelp = `stop is the kill switch: the connector reads and writes nothing until it is resumed, also after a restart. A request that is under way
ends. Alerts that are resolved stay resolved. Without a name it stops all of them.

` + authHelp

const goOnHelp = `resume lets a connector go on with the alerts that wait. With the mode enabled, they are resolved in the tenant. Without a name it
resumes the only one.

` + authHelp

// newResolverCommand commands what writes to the tenant.
func newResolverCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resolver",
		Short: "Stop what resolves alerts, and let it go on",
		Long:  resolverHelp,
		// Without RunE a mistyped subcommand would show the help, and succeed.
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("say what to do: resolver stop, or resolver resume")
		},
	}
	cmd.AddCommand(newResolverStopCommand(), newResolverResumeCommand())
	return cmd
}

func newResolverStopCommand() *cobra.Command {
	c := newControl()
	cmd := &cobra.Command{
		Use:     "stop [RESOLVER...]",
		Short:   "Hold back what resolves alerts",
		Long:    stopHelp,
		Example: "  defenderctl resolver stop\n  defenderctl resolver stop alert_resolver/second",
		RunE: func(cmd *cobra.Command, ids []string) error {
			ids, err := c.resolverIDs(cmd.Context(), ids)
			if err != nil {
				return err
			}
			return c.throw(cmd.Context(), cmd.OutOrStdout(), "stop", ids)
		},
	}
	c.addFlags(cmd.Flags())
	return cmd
}

func newResolverResumeCommand() *cobra.Command {
	c := newControl()
	cmd := &cobra.Command{
		Use:     "resume [RESOLVER...]",
		Short:   "Let what resolves alerts go on",
		Long:    goOnHelp,
		Example: "  defenderctl resolver resume\n  defenderctl resolver resume alert_resolver/second",
		RunE: func(cmd *cobra.Command, named []string) error {
			ids, err := c.resolverIDs(cmd.Context(), named)
			switch {
			case err != nil:
				return err
			case len(named) == 0 && len(ids) > 1:
				return fmt.Errorf("say which is to go on: %s", strings.Join(ids, " or "))
			}
			return c.throw(cmd.Context(), cmd.OutOrStdout(), "resume", ids)
		},
	}
	c.addFlags(cmd.Flags())
	return cmd
}

// resolverIDs are those that are named, else all that the collector runs, at least one.
func (c *control) resolverIDs(ctx context.Context, named []string) ([]string, error) {
	if len(named) > 0 {
		return named, nil
	}
	var status api.Status
	if err := c.ask(ctx, http.MethodGet, "/api/v1/status", &status); err != nil {
		return nil, err
	}
	if len(status.Resolvers) == 0 {
		return nil, errors.New("no alert_resolver runs in this collector; one whose mode is disabled does not count")
	}
	var ids []string
	for _, r := range status.Resolvers {
		ids = append(ids, r.ID)
	}
	return ids, nil
}

// throw stops resolvers or lets them go on, and says what each does now. One that fails keeps none of the others from it.
func (c *control) throw(ctx context.Context, out io.Writer, action string, ids []string) error {
	var failed []error
	for _, id := range ids {
		var status api.ResolverStatus
		if err := c.ask(ctx, http.MethodPost, "/api/v1/resolvers/"+url.PathEscape(id)+"/"+action, &status); err != nil {
			failed = append(failed, fmt.Errorf("%s %s: %w", action, id, err))
			continue
		}
		if _, err := fmt.Fprintf(out, "%s: %s (%s)\n", status.ID, resolverState(status), status.Mode); err != nil {
			return fmt.Errorf("print the state: %w", err)
		}
	}
	return errors.Join(failed...)
}

func resolverState(r api.ResolverStatus) string {
	if r.Stopped {
		return "stopped"
	}
	return string(api.Running)
}

// isResolverInTrouble reports whether the last pass of a resolver failed that nobody has stopped.
func isResolverInTrouble(r api.ResolverStatus) bool { return !r.Stopped && r.LastError != "" }

// writeResolvers writes a line for each resolver, and what is wrong with it.
func writeResolvers(b *strings.Builder, resolvers []api.ResolverStatus, now time.Time) {
	if len(resolvers) == 0 {
		return
	}
	b.WriteString("\n")
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "RESOLVER\tSTATE\tMODE\tWAITING\tLAST PASS\tDECISIONS")
	for _, r := range resolvers {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", r.ID, resolverState(r), r.Mode, r.Pending, ago(r.LastPass, now), decisionsText(r.Decisions))
	}
	_ = w.Flush() // a builder takes everything
	for _, r := range resolvers {
		if r.LastError != "" {
			_, _ = fmt.Fprintf(b, "trouble %s: %s\n", r.ID, r.LastError)
		}
	}
}

// decisionsText says how many decisions there were of each result.
func decisionsText(decisions map[string]int64) string {
	var parts []string
	for _, result := range slices.Sorted(maps.Keys(decisions)) {
		parts = append(parts, fmt.Sprintf("%d %s", decisions[result], result))
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}
