package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

const reportHelp = `report proves what became of the rows of a day: for each table how many the service counts, and how many of them were
delivered, recovered by an audit, refused, are missing or set aside; what filters left on the server; and what is not known.
The day is one of UTC, of the time by which the table is read.

Of a receiver of the storage export (defender_storage) it says for each container how many bytes and rows were read of the blobs
of the day, what became of the rows, what is unread or was deleted unread, and as of when the blobs were listed. The day is that of
the blobs' names. Nobody counts what the export has written, so it claims no more than lengths of blobs.

It asks the running collector through its control API (--url). With --config it reads the storage of a collector that is stopped.

` + authHelp + `

Exit status: 0 each row of the day that the service counts was delivered or is in the dead letters, or each blob was read up to its
length at a time after the day; 1 rows were not delivered, or the journal was changed; 2 not all of the day is known, or there is
no report.`

// reportFlags are what report is asked for.
type reportFlags struct {
	*control
	day, output   string
	receiver      string
	configs, sets []string
}

func newReportCommand() *cobra.Command {
	f := reportFlags{control: newControl()}
	cmd := &cobra.Command{
		Use:     "report --day YYYY-MM-DD",
		Short:   "Prove what became of the rows of a day",
		Long:    reportHelp,
		Example: "  defenderctl report --day 2026-11-21\n  defenderctl report --day 2026-11-21 --output markdown --config /etc/otelcol-defender/config.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd)
		},
	}
	cmd.Flags().StringVar(&f.day, "day", "", "the day, of UTC, e.g. 2026-11-21 (required)")
	cmd.Flags().StringVar(&f.output, "output", "text", "text, json or markdown")
	f.addFlags(cmd.Flags())
	cmd.Flags().StringVar(&f.receiver, "receiver", "", "the receiver's id, e.g. defender/emea; needed if there are several")
	cmd.Flags().StringArrayVar(&f.configs, "config", nil,
		"location of the configuration of a collector that is stopped, as for the collector (repeatable)")
	cmd.Flags().StringArrayVar(&f.sets, "set", nil, "a setting to lay over the configuration, as the collector's own flag (repeatable)")
	return cmd
}

func (f *reportFlags) run(cmd *cobra.Command) error {
	write, ok := map[string]func(io.Writer, proof.Document) error{
		"text": writeReportText, "json": writeReportJSON, "markdown": writeReportMarkdown,
	}[f.output]
	if !ok {
		return fmt.Errorf("--output must be text, json or markdown, not %q", f.output)
	}
	if f.day == "" {
		return errors.New("say which day: --day YYYY-MM-DD")
	}
	day, err := proof.ParseDay(f.day)
	if err != nil {
		return fmt.Errorf("--day: %w", err)
	}
	report, err := f.read(cmd.Context(), day)
	if err != nil {
		return err
	}
	if err := write(cmd.OutOrStdout(), report); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	switch report.Verdict() {
	case proof.Delivered:
		return nil
	case proof.Unknown:
		return errUnjudged
	default:
		return errFound
	}
}

// read gets the report from the running collector, or from the storage of one that is stopped.
func (f *reportFlags) read(ctx context.Context, day proof.Day) (proof.Document, error) {
	if len(f.configs) > 0 {
		return readStored(ctx, f, day)
	}
	return readRunning(ctx, f.control, f.receiver, day)
}

func writeReportText(out io.Writer, r proof.Document) error {
	_, err := io.WriteString(out, r.Text())
	return err
}

func writeReportMarkdown(out io.Writer, r proof.Document) error {
	_, err := io.WriteString(out, r.Markdown())
	return err
}

func writeReportJSON(out io.Writer, r proof.Document) error { return printJSON(out, r) }
