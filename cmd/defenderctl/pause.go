package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	api "github.com/otelcol-defender/otelcol-defender/internal/control"
)

const pauseHelp = `pause holds tables and feeds of a running collector back until they are resumed, also over a restart. No rows are lost: a table goes
on where it stands, as long as the service keeps the rows, which is 30 days, and a storage account its blobs.

` + authHelp

const resumeHelp = `resume ends the pause of tables and feeds, whatever its reason: they are polled at once. Without a name it resumes all of them.

` + authHelp

// commandFlags say what is paused or resumed.
type commandFlags struct {
	*control
	receiver string
}

func newPauseCommand() *cobra.Command {
	f := commandFlags{control: newControl()}
	cmd := &cobra.Command{
		Use:     "pause TABLE...",
		Short:   "Hold tables back until they are resumed",
		Long:    pauseHelp,
		Example: "  defenderctl pause DeviceFileEvents\n  defenderctl pause --receiver defender/second Alerts",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, tables []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), "pause", tables)
		},
	}
	f.addCommandFlags(cmd)
	return cmd
}

func newResumeCommand() *cobra.Command {
	f := commandFlags{control: newControl()}
	cmd := &cobra.Command{
		Use:     "resume [TABLE...]",
		Short:   "Let tables go on",
		Long:    resumeHelp,
		Example: "  defenderctl resume DeviceFileEvents\n  defenderctl resume",
		RunE: func(cmd *cobra.Command, tables []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), "resume", tables)
		},
	}
	f.addCommandFlags(cmd)
	return cmd
}

func (f *commandFlags) addCommandFlags(cmd *cobra.Command) {
	f.addFlags(cmd.Flags())
	cmd.Flags().StringVar(&f.receiver, "receiver", "", "the receiver's id; needed where the collector has several")
}

// run gives a command for each table; without one, for the whole receiver.
func (f *commandFlags) run(ctx context.Context, out io.Writer, action string, tables []string) error {
	id, err := f.receiverID(ctx)
	if err != nil {
		return err
	}
	path := "/api/v1/receivers/" + url.PathEscape(id)
	if len(tables) == 0 {
		return f.command(ctx, out, path+"/"+action, nil)
	}
	for _, table := range tables {
		if err := f.command(ctx, out, path+"/tables/"+url.PathEscape(table)+"/"+action, []string{table}); err != nil {
			return err
		}
	}
	return nil
}

// command gives one command, and says in which state the tables are now.
func (f *commandFlags) command(ctx context.Context, out io.Writer, path string, tables []string) error {
	var status api.ReceiverStatus
	if err := f.ask(ctx, http.MethodPost, path, &status); err != nil {
		return err
	}
	for _, t := range status.Tables {
		if t.State == api.Disabled || len(tables) > 0 && tables[0] != t.Name {
			continue
		}
		if _, err := fmt.Fprintf(out, "%s %s: %s\n", status.ID, t.Name, withReason(t.State, t.Reason)); err != nil {
			return fmt.Errorf("print the state: %w", err)
		}
	}
	return nil
}

// receiverID is the one that is named, else the only one.
func (f *commandFlags) receiverID(ctx context.Context) (string, error) {
	if f.receiver != "" {
		return f.receiver, nil
	}
	var status api.Status
	if err := f.ask(ctx, http.MethodGet, "/api/v1/status", &status); err != nil {
		return "", err
	}
	var ids []string
	for _, r := range status.Receivers {
		ids = append(ids, r.ID)
	}
	switch len(ids) {
	case 0:
		return "", errors.New("no defender receiver runs in this collector")
	case 1:
		return ids[0], nil
	default:
		return "", fmt.Errorf("say which receiver is meant: --receiver %s", strings.Join(ids, " or --receiver "))
	}
}
