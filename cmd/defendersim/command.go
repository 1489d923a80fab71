package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/version"
)

const longHelp = `defendersim emulates Entra ID's token endpoint and Microsoft Defender's hunting APIs on loopback,
with a generated sample tenant, so that a collector can be tried without a tenant of Microsoft's.
It prints what a collector needs on start, and what it saw of its client on exit (Ctrl-C).

LOCAL TOOL ONLY: its credentials are published and its rows are made up.`

// newCommand is the command with all its flags; running it serves until its context ends.
func newCommand() *cobra.Command {
	f := newFlags()
	cmd := &cobra.Command{
		Use:     "defendersim",
		Version: version.Number,
		Short:   "Emulator of Microsoft Defender's hunting APIs",
		Long:    longHelp,
		Args:    cobra.NoArgs,
		// Errors are about flags and files, for which the whole usage text is noise.
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := f.options()
			if err != nil {
				return err
			}
			options.Logger = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: f.logLevel()}))
			return serve(cmd.Context(), options, cmd.OutOrStdout())
		},
	}
	f.register(cmd.Flags())
	return cmd
}

func serve(ctx context.Context, options defendersim.Options, out io.Writer) error {
	server, err := defendersim.Start(ctx, options)
	if err != nil {
		return fmt.Errorf("start the emulator: %w", err)
	}
	if _, err := io.WriteString(out, introduction(server)); err != nil {
		return fmt.Errorf("print the introduction: %w", err)
	}
	<-ctx.Done()
	err = server.Close()
	if _, printErr := fmt.Fprintf(out, "\n%s", server.Report()); printErr != nil && err == nil {
		err = fmt.Errorf("print the report: %w", printErr)
	}
	return err
}
