package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	api "github.com/otelcol-defender/otelcol-defender/internal/control"
)

const statusHelp = `status shows what each receiver and table of a running collector does, and each alert_resolver. It asks the extension defender_control.

` + authHelp + `

Exit status: 0 all tables run, or wait for the quota, or a user or the configuration wants them not to; 1 a table is in trouble, rows are
missing or lost, or the last pass of an alert_resolver ended early; 2 the collector does not answer. With --watch it is that of the last answer.`

type statusFlags struct {
	*control
	output   string
	watch    bool
	interval time.Duration
}

func newStatusCommand() *cobra.Command {
	f := statusFlags{control: newControl()}
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show what each receiver and table does",
		Long:    statusHelp,
		Example: "  defenderctl status\n  defenderctl status --watch\n  defenderctl status --output json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	f.addFlags(cmd.Flags())
	cmd.Flags().StringVar(&f.output, "output", "text", "text or json")
	cmd.Flags().BoolVar(&f.watch, "watch", false, "show it again and again, until Ctrl-C")
	cmd.Flags().DurationVar(&f.interval, "interval", 2*time.Second, "between two looks of --watch")
	return cmd
}

func (f *statusFlags) run(ctx context.Context, out io.Writer) error {
	if f.output != "text" && f.output != "json" {
		return fmt.Errorf("--output must be text or json, not %q", f.output)
	}
	if f.interval < 100*time.Millisecond {
		return fmt.Errorf("--interval must be at least 100ms, not %s", f.interval)
	}
	if !f.watch {
		return f.look(ctx, out, "")
	}
	for last := error(nil); ; {
		err := f.look(ctx, out, clearScreen)
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(f.interval):
		}
	}
}

// clearScreen puts the terminal's cursor into its upper left corner, and clears what is below.
const clearScreen = "\x1b[H\x1b[2J"

// look shows the status once, behind a prefix if it is text.
func (f *statusFlags) look(ctx context.Context, out io.Writer, prefix string) error {
	var status api.Status
	if err := f.ask(ctx, http.MethodGet, "/api/v1/status", &status); err != nil {
		if f.watch && ctx.Err() == nil {
			_, _ = fmt.Fprintf(out, "%s%s: %v\n", prefix, time.Now().Format(time.TimeOnly), err)
		}
		return err
	}
	if f.output == "json" {
		if err := printJSON(out, status); err != nil {
			return fmt.Errorf("print the status: %w", err)
		}
	} else if _, err := io.WriteString(out, prefix+statusText(status)); err != nil {
		return fmt.Errorf("print the status: %w", err)
	}
	if slices.ContainsFunc(status.Receivers, inTrouble) || slices.ContainsFunc(status.Resolvers, isResolverInTrouble) {
		return errFound
	}
	return nil
}

// inTrouble reports whether a receiver has a table that does not run, and nobody wants it so.
func inTrouble(r api.ReceiverStatus) bool {
	return len(r.Troubles) > 0 || slices.ContainsFunc(r.Tables, func(t api.Table) bool {
		switch t.State {
		case api.BackingOff, api.Refused:
			return true
		case api.Paused:
			return t.Reason != api.ReasonUser
		case api.Running, api.WaitingQuota, api.Disabled, api.Standby:
		}
		return t.Audit != nil && t.Audit.Missing > 0 || t.Blobs != nil && t.Blobs.BytesLost > 0
	})
}

// statusText is what a person reads.
func statusText(s api.Status) string {
	var b strings.Builder
	if len(s.Receivers) == 0 {
		b.WriteString("no receiver of Microsoft Defender runs here\n")
	}
	for i, r := range s.Receivers {
		if i > 0 {
			b.WriteString("\n")
		}
		_, _ = fmt.Fprintf(&b, "%s: %s   (version %s, %s)\n", r.ID, withReason(r.State, r.Reason), s.Version, s.Time.Format(time.RFC3339))
		if r.Lease != nil {
			_, _ = fmt.Fprintf(&b, "worker  %s\n", workerText(*r.Lease))
		}
		if r.State == api.Standby {
			continue
		}
		if quota := quotaText(r.Quota); quota != "" {
			_, _ = fmt.Fprintf(&b, "quota   %s\n", quota)
		}
		for _, trouble := range r.Troubles {
			_, _ = fmt.Fprintf(&b, "trouble %s\n", trouble)
		}
		b.WriteString("\n")
		writeAll(&b, r.Tables, s.Time)
	}
	writeResolvers(&b, s.Resolvers, s.Time)
	return b.String()
}

// writeAll writes the tables of hunting and the containers of a storage export, each in their own columns.
func writeAll(b *strings.Builder, all []api.Table, now time.Time) {
	var tables, containers []api.Table
	for _, t := range all {
		if t.Blobs == nil {
			tables = append(tables, t)
		} else {
			containers = append(containers, t)
		}
	}
	if len(tables) > 0 {
		writeTables(b, tables, now)
	}
	if len(containers) > 0 {
		writeContainers(b, containers, now)
	}
	if len(all) == 0 {
		b.WriteString("nothing is read: no table or container was found yet\n")
	}
}

func writeContainers(b *strings.Builder, containers []api.Table, now time.Time) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "CONTAINER OF\tSTATE\tLAG\tBLOBS\tUNREAD\tDELIVERED\tREFUSED\tREPEATED\tBROKEN\tLOST\tLAST LIST\tLAST GROWTH")
	for _, t := range containers {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d B\t%d\t%d\t%d\t%d\t%d B\t%s\t%s\n", t.Name, withReason(t.State, t.Reason), lagText(t), t.Blobs.Number, t.Blobs.BytesUnread,
			t.RowsDelivered, t.RowsRefused, t.Blobs.RowsRepeated, t.Blobs.LinesBroken, t.Blobs.BytesLost, ago(t.Blobs.LastList, now), ago(t.Blobs.LastGrowth, now))
	}
	_ = w.Flush() // a builder takes everything
}

func lagText(t api.Table) string {
	if t.LagSeconds == nil {
		return "-"
	}
	return (time.Duration(*t.LagSeconds) * time.Second).String()
}

func writeTables(b *strings.Builder, tables []api.Table, now time.Time) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "TABLE\tSTATE\tLAG\tLAST HOUR\tDELIVERED\tREFUSED\tAUDIT\tLAST POLL\tHISTORY")
	var disabled []string
	for _, t := range tables {
		if t.State == api.Disabled {
			disabled = append(disabled, t.Name)
			continue
		}
		hour, history := 0, "-"
		for _, rows := range t.RowsPerMinute {
			hour += rows
		}
		if t.Backfill != nil {
			history = fmt.Sprintf("%.0f %%", 100*t.Backfill.Progress)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n", t.Name, withReason(t.State, t.Reason), lagText(t), hour,
			t.RowsDelivered, t.RowsRefused, auditText(t.Audit), ago(t.LastPoll, now), history)
	}
	_ = w.Flush() // a builder takes everything
	if len(disabled) > 0 {
		_, _ = fmt.Fprintf(b, "not read: %s\n", strings.Join(disabled, ", "))
	}
}

func withReason(state api.State, reason string) string {
	if reason == "" {
		return string(state)
	}
	return string(state) + " (" + reason + ")"
}

// workerText says which worker runs a receiver.
func workerText(l api.Lease) string {
	switch {
	case l.Worker == "":
		return "none at this moment"
	case l.Here:
		return fmt.Sprintf("%s, this one, since %s", l.Worker, l.Since.Format(time.RFC3339))
	default:
		return fmt.Sprintf("%s, since %s; ask its status page", l.Worker, l.Since.Format(time.RFC3339))
	}
}

func quotaText(q api.Quota) string {
	var parts []string
	for _, w := range q.Windows {
		parts = append(parts, fmt.Sprintf("%s in %s %.0f %%", w.Resource, w.Window, 100*w.Ratio))
	}
	text := strings.Join(parts, ", ")
	if q.Short {
		text += "; it does not suffice for all tables"
	}
	if q.BlockedUntil != nil {
		text += "; the service asked to wait until " + q.BlockedUntil.Format(time.RFC3339)
	}
	return text
}

func auditText(a *api.Audit) string {
	switch {
	case a == nil:
		return "-"
	case a.Last == nil:
		return "none yet"
	default:
		return fmt.Sprintf("%d missing, %d refused", a.Missing, a.Refused)
	}
}

func ago(t *time.Time, now time.Time) string {
	if t == nil {
		return "-"
	}
	return max(now.Sub(*t), 0).Round(time.Second).String() + " ago"
}
