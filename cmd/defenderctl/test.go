package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/pipelinecheck"
	"github.com/otelcol-defender/otelcol-defender/internal/version"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver"
)

const testHelp = `test asks the tenant, before anything runs: it reads the configuration as the collector does, and walks from this machine to
the tables of every defender receiver, and to the containers of every defender_storage receiver. It looks at proxy, DNS, connection and TLS of each host, the token and its roles, a
first query, the clocks, and each enabled table: permission, plan, quota, columns, ingestion_time(), how much is there. It
counts the devices and the events of the last 24 hours. Every problem has its remedy.

Of a storage account it lists the containers of the export and their blobs, and reads one byte of each container: whether the
role is given, which tables have a container, how old the newest blob is. It sends GET and nothing else.

It changes nothing in the tenant, opens no storage, and prints no secrets.

It spends one query, one more for each enabled table, and one more each for Alerts, for DeviceInfo if it is not enabled, and
for a column that the service lacks: 11 with the default tables. They stay within the receiver's share of the quota. A
collector that runs already does not see them: its own test (POST /api/v1/receivers/{id}/test) counts them too. A storage account
gets one list for its containers, one for each container and 5,000 blobs, and one read for each container; the result says how many.

Exit status: 0 nothing is wrong; 1 the receiver can run, with loss, gaps or delays; 2 it cannot run, or the test could not be
made.`

// testFlags are what test is asked for.
type testFlags struct {
	checkFlags

	receiver, output string
	timeout          time.Duration
}

func newTestCommand() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:     "test --config FILE",
		Short:   "Test the connection to the tenant, step by step",
		Long:    testHelp,
		Example: "  defenderctl test --config config/kafka.yaml\n  defenderctl test --config config/kafka.yaml --receiver defender/acme --output json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringArrayVar(&f.configs, "config", nil,
		"location of a configuration: a file, or file:, env:, yaml:, http: or https: (repeatable; later ones are laid over earlier ones)")
	cmd.Flags().StringArrayVar(&f.sets, "set", nil,
		"a setting to lay over the configuration, as the collector's own flag, e.g. receivers.defender.timeout=30s (repeatable)")
	cmd.Flags().StringVar(&f.receiver, "receiver", "", "id of the one receiver to test, e.g. defender/acme; default: every one of a pipeline")
	cmd.Flags().StringVar(&f.output, "output", "text", "text or json")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 10*time.Minute, "how long the whole test may take")
	return cmd
}

func (f *testFlags) run(cmd *cobra.Command) error {
	write, ok := map[string]func(io.Writer, []*diagnosis.Result) error{"text": printResults, "json": printResultsJSON}[f.output]
	if !ok {
		return fmt.Errorf("--output must be text or json, not %q", f.output)
	}
	locations, err := f.locations()
	if err != nil {
		return err
	}
	loaded, err := pipelinecheck.Load(cmd.Context(), locations)
	if err != nil {
		return err
	}
	configured, err := receiversToTest(loaded.Conf, f.receiver)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), f.timeout)
	defer cancel()
	var results []*diagnosis.Result
	worst := diagnosis.Fine
	for _, c := range configured {
		result, err := c.test(ctx)
		if err != nil {
			return fmt.Errorf("receivers::%s: %w", c.id, err)
		}
		results, worst = append(results, result), max(worst, result.Severity)
	}
	if err := write(cmd.OutOrStdout(), results); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return [...]error{diagnosis.Fine: nil, diagnosis.Warning: errFound, diagnosis.Fatal: errUnjudged}[worst]
}

// testable is a type of receivers that can test its connection.
type testable struct {
	factory receiver.Factory
	test    func(context.Context, receiver.Settings, component.Config, component.Host) (*diagnosis.Result, error)
}

// testables are those types.
func testables() map[component.Type]testable {
	hunting, storage := defenderreceiver.NewFactory(), defenderstoragereceiver.NewFactory()
	return map[component.Type]testable{
		hunting.Type(): {hunting, defenderreceiver.Test},
		storage.Type(): {storage, defenderstoragereceiver.Test},
	}
}

// configuredReceiver is a receiver of a configuration that can be tested.
type configuredReceiver struct {
	testable
	id   component.ID
	conf *confmap.Conf
}

// receiversToTest are the one that is wanted, else those that stand in a pipeline.
func receiversToTest(conf *confmap.Conf, wanted string) ([]configuredReceiver, error) {
	section, err := conf.Sub("receivers")
	if err != nil {
		return nil, errors.New("read receivers: it is not a map of components")
	}
	used, err := inPipelines(conf)
	if err != nil {
		return nil, err
	}
	var found []configuredReceiver
	var known []string
	for _, name := range slices.Sorted(maps.Keys(section.ToStringMap())) {
		var id component.ID
		if id.UnmarshalText([]byte(name)) != nil {
			continue
		}
		kind, can := testables()[id.Type()]
		if !can {
			continue
		}
		known = append(known, id.String())
		if wanted != "" && id.String() != wanted || wanted == "" && !used[id.String()] {
			continue
		}
		sub, err := section.Sub(name)
		if err != nil {
			return nil, fmt.Errorf("read receivers::%s: it is not a map of settings", id)
		}
		found = append(found, configuredReceiver{kind, id, sub})
	}
	switch {
	case len(found) > 0:
		return found, nil
	case len(known) == 0:
		return nil, errors.New("there is nothing to test: the configuration has no receiver of the type defender or defender_storage")
	case wanted != "":
		return nil, fmt.Errorf("there is no such receiver to test as --receiver says; there are: %s", strings.Join(known, ", "))
	default:
		return nil, fmt.Errorf("there is nothing to test: %s stands in no pipeline; list it under receivers of one, or name it with --receiver",
			strings.Join(known, ", "))
	}
}

// inPipelines are the receivers that some pipeline lists.
func inPipelines(conf *confmap.Conf) (map[string]bool, error) {
	var service struct {
		Pipelines map[string]struct {
			Receivers []string `mapstructure:"receivers"`
		} `mapstructure:"pipelines"`
	}
	sub, err := conf.Sub("service")
	if err == nil {
		err = sub.Unmarshal(&service, confmap.WithIgnoreUnused())
	}
	if err != nil {
		return nil, errors.New("read service::pipelines: it is not a map of pipelines")
	}
	used := map[string]bool{}
	for _, p := range service.Pipelines {
		for _, name := range p.Receivers {
			used[name] = true
		}
	}
	return used, nil
}

func (c configuredReceiver) test(ctx context.Context) (*diagnosis.Result, error) {
	cfg := c.factory.CreateDefaultConfig()
	if err := c.conf.Unmarshal(cfg); err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	set := receiver.Settings{
		ID: c.id,
		TelemetrySettings: component.TelemetrySettings{
			Logger: zap.NewNop(), TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: noop.NewMeterProvider(), Resource: pcommon.NewResource(),
		},
		BuildInfo: component.BuildInfo{Command: "defenderctl", Version: version.Number},
	}
	return c.testable.test(ctx, set, cfg, noExtensions{})
}

// noExtensions is a host for components that use none.
type noExtensions struct{}

func (noExtensions) GetExtensions() map[component.ID]component.Component { return nil }

func printResults(out io.Writer, results []*diagnosis.Result) error {
	for i, r := range results {
		if i > 0 {
			if _, err := io.WriteString(out, "\n"); err != nil {
				return err
			}
		}
		if err := r.WriteText(out); err != nil {
			return err
		}
	}
	return nil
}

// testResults is the output as JSON.
type testResults struct {
	Severity  diagnosis.Severity  `json:"severity"`
	Receivers []*diagnosis.Result `json:"receivers"`
}

func printResultsJSON(out io.Writer, results []*diagnosis.Result) error {
	all := testResults{Receivers: results}
	for _, r := range results {
		all.Severity = max(all.Severity, r.Severity)
	}
	return printJSON(out, all)
}
