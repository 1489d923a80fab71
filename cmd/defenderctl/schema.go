package main

import (
	_ "embed" // the schema
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otelcol-defender/otelcol-defender/internal/configschema"
)

const schemaHelp = `schema prints the JSON Schema (draft 7) of the collector's configuration: every key of every component of this build, with
its description, default and possible words. Editors complete and check a configuration with it. This line at the
beginning of a file names it to them:

  # yaml-language-server: $schema=config.schema.json`

// configSchema is written by make generate.
//
//go:embed config.schema.json
var configSchema []byte

func newSchemaCommand() *cobra.Command {
	var component string
	cmd := &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of the configuration",
		Long:    schemaHelp,
		Example: "  defenderctl schema > config.schema.json\n  defenderctl schema --component receivers/defender",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printSchema(cmd, component)
		},
	}
	cmd.Flags().StringVar(&component, "component", "", "print only the settings of a component, e.g. receivers/defender")
	return cmd
}

func printSchema(cmd *cobra.Command, component string) error {
	schema := configSchema
	if component != "" {
		var err error
		if schema, err = configschema.Part(schema, component); err != nil {
			return err
		}
	}
	if _, err := cmd.OutOrStdout().Write(schema); err != nil {
		return fmt.Errorf("print the schema: %w", err)
	}
	return nil
}
