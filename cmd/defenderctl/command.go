package main

import (
	"github.com/spf13/cobra"

	"github.com/otelcol-defender/otelcol-defender/internal/version"
)

const longHelp = `defenderctl looks after a collector of otelcol-defender.

Exit status: 0 all is well; 1 something wrong was found; 2 it could not be found out.`

// commands makes each subcommand. Each one stands in a file of its own.
var commands = []func() *cobra.Command{
	newCheckCommand,
	newManCommand,
	newPauseCommand,
	newReplayCommand,
	newReportCommand,
	newResolverCommand,
	newResumeCommand,
	newSchemaCommand,
	newStatusCommand,
	newTestCommand,
	newVerifyCommand,
}

// newCommand is the command with all its subcommands.
func newCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "defenderctl",
		Version: version.Number,
		Short:   "Looks after a collector of otelcol-defender",
		Long:    longHelp,
		// Errors are about configurations and flags, for which the whole usage text is noise; main prints them.
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	for _, newSubcommand := range commands {
		cmd.AddCommand(newSubcommand())
	}
	return cmd
}
