package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelcol-defender/otelcol-defender/internal/pipelinecheck"
)

const checkHelp = `check reads a configuration as the collector does and reports every place where rows of Microsoft Defender can get
lost, come out of order, come again or get stuck between the receiver and the exporters: what reports rows as accepted
before they are delivered, what gives up, and what keeps nothing of the rows that are refused for good. Each is named with
its place in the configuration, the reason and the remedy.

It starts nothing and connects to nothing but the locations of the configuration itself. It prints no secrets.

Exit status: 0 no way to lose rows was found; 1 there is one; 2 it cannot be judged: the configuration cannot be read, has
no rows to follow, the collector would refuse it, an environment variable is not set, or rows pass a component for which
there are no rules. The last line says which.`

// checkFlags are what check is asked for.
type checkFlags struct {
	configs, sets []string
	format        string
}

func newCheckCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:     "check --config FILE",
		Short:   "Report where a configuration can lose rows",
		Long:    checkHelp,
		Example: "  defenderctl check --config config/kafka.yaml\n  defenderctl check --config base.yaml --config site.yaml --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd)
		},
	}
	cmd.Flags().StringArrayVar(&f.configs, "config", nil,
		"location of a configuration: a file, or file:, env:, yaml:, http: or https: (repeatable; later ones are laid over earlier ones)")
	cmd.Flags().StringArrayVar(&f.sets, "set", nil,
		"a setting to lay over the configuration, as the collector's own flag, e.g. exporters.kafka.timeout=30s (repeatable)")
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	return cmd
}

func (f *checkFlags) run(cmd *cobra.Command) error {
	write, ok := map[string]func(io.Writer, checkResult) error{"text": printText, "json": func(out io.Writer, result checkResult) error { return printJSON(out, result) }}[f.format]
	if !ok {
		return fmt.Errorf("--format must be text or json, not %q", f.format)
	}
	locations, err := f.locations()
	if err != nil {
		return err
	}
	loaded, err := pipelinecheck.Load(cmd.Context(), locations)
	if err != nil {
		return err
	}
	report, err := pipelinecheck.Check(loaded)
	if err != nil {
		return err
	}
	if err := write(cmd.OutOrStdout(), checkResult{Pipelines: report}); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	switch report.Verdict() {
	case pipelinecheck.Lossy:
		return errFound
	case pipelinecheck.Unjudged:
		return errUnjudged
	default:
		return nil
	}
}

// locations are what the collector makes of the same flags.
func (f *checkFlags) locations() ([]string, error) {
	if len(f.configs) == 0 {
		return nil, errors.New("say which configuration to check, as for the collector: --config FILE")
	}
	locations := append([]string(nil), f.configs...)
	for _, set := range f.sets {
		key, value, ok := strings.Cut(set, "=")
		if !ok {
			return nil, errors.New("--set must be KEY=VALUE, e.g. exporters.kafka.timeout=30s")
		}
		locations = append(locations, "yaml:"+strings.TrimSpace(strings.ReplaceAll(key, ".", "::"))+": "+strings.TrimSpace(value))
	}
	return locations, nil
}
