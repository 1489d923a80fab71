package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/otelcol-defender/otelcol-defender/internal/version"
)

// newManCommand writes the manual pages of all commands, for packages.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIRECTORY",
		Short:  "Write the manual pages to a directory",
		Long:   "man writes a manual page for each command. SOURCE_DATE_EPOCH, seconds since 1970, is their date.",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.DisableAutoGenTag = true // the date of the page suffices
			header := doc.GenManHeader{Section: "1", Source: "otelcol-defender " + version.Number, Manual: "otelcol-defender"}
			if err := doc.GenManTree(root, &header, args[0]); err != nil {
				return fmt.Errorf("write the manual pages to %s: %w", args[0], err)
			}
			return nil
		},
	}
}
