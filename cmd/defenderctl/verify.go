package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"

	"github.com/otelcol-defender/otelcol-defender/internal/pipelinecheck"
	"github.com/otelcol-defender/otelcol-defender/internal/verification"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/destination"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/pipeline"
)

const verifyHelp = `verify reads a period again from Microsoft Defender, makes TOTAL events of its rows by the processors of the
configuration, and compares each with what the destination holds. It names what is absent, altered, repeated and unexpected.

The period is of event time, as events have it in "timestamp". Rows are read whenever they arrived, as far back as the
service keeps them: 30 days. Rows that arrived so lately that the collector need not have delivered them are not missed.

It spends queries of the receiver's quota. The account of the quota is in the receiver's storage, which a running collector
holds: stop the collector first, or name the endpoint of its defender_control extension with --control.

Exit status: 0 all events are present and unaltered; 1 events are absent or altered; 2 it could not be judged. The last line
says which. Repeated events, which a crash can cause, and unexpected ones are named and do not change it.`

// verifyFlags are what verify is asked for.
type verifyFlags struct {
	configs, sets, tables        []string
	from, to, against            string
	receiver, pipeline, control  string
	output, temporary            string
	named                        int
	quiet                        bool
}

func newVerifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify --config FILE --from T --to T --against file:GLOB|kafka:BROKERS/TOPIC",
		Short: "Prove that a destination holds every event of a period",
		Long:  verifyHelp,
		Example: "  defenderctl verify --config config/file.yaml --from 2026-03-15T08:00:00Z --to 2026-03-15T09:00:00Z \\\n" +
			"    --against file:/var/lib/otelcol-defender/total-events.ndjson\n" +
			"  defenderctl verify --config config/kafka.yaml --from 2026-03-15 --to 2026-03-16 --table DeviceLogonEvents \\\n" +
			"    --against kafka:broker-1:9092,broker-2:9092/total-events",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.configs, "config", nil, "location of the collector's configuration, as for the collector (repeatable)")
	flags.StringArrayVar(&f.sets, "set", nil, "a setting to lay over the configuration, e.g. receivers.defender.timeout=30s (repeatable)")
	flags.StringVar(&f.from, "from", "", "where the period begins: RFC 3339, or a day in UTC")
	flags.StringVar(&f.to, "to", "", "where the period ends, which is no part of it: RFC 3339, or a day in UTC")
	flags.StringArrayVar(&f.tables, "table", nil, "a table to verify (repeatable); without it all that the receiver reads")
	flags.StringVar(&f.against, "against", "", "the destination: file:GLOB, or kafka:BROKER,BROKER/TOPIC")
	flags.StringVar(&f.receiver, "receiver", "", "the id of the receiver, if there are several")
	flags.StringVar(&f.pipeline, "pipeline", "", "the pipeline with the exporter, e.g. logs/kafka, if there are several")
	flags.StringVar(&f.output, "output", "text", "text or json")
	flags.IntVar(&f.named, "named", 1000, "how many events of each kind are named; all are counted")
	flags.StringVar(&f.temporary, "temporary", "", "a directory for temporary files, of 64 bytes an event on each side (default: the system's)")
	flags.BoolVar(&f.quiet, "quiet", false, "do not say on standard error what is being done")
	return cmd
}
