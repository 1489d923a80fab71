package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/receiver"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-defender/otelcol-defender/internal/pipelinecheck"
	"github.com/otelcol-defender/otelcol-defender/internal/verification"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/destination"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/pipeline"
	"github.com/otelcol-defender/otelcol-defender/internal/version"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver"
)

const verifyHelp = `verify reads a period again from Microsoft Defender, makes TOTAL events of its rows by the processors of the
configuration, and compares each with what the destination holds. It names what is absent, altered, repeated and unexpected.

The period is of event time, as events have it in "timestamp". Rows are read whenever they arrived, as far back as the
service keeps them: 30 days. Rows that arrived so lately that the collector need not have delivered them are not missed.

It reads tables of defender receivers. Of a defender_storage receiver, report says what was read of its blobs.

It spends queries of the receiver's quota. Beside a running collector it takes a turn of the receiver for each query, through
the collector's extension defender_control: name its URL with --control. A collector that is stopped has the account in the
receiver's storage. As long as verify holds it, the collector cannot start.

Exit status: 0 all events are present and unaltered; 1 events are absent or altered; 2 it could not be judged. The last line
says which. Repeated events, which a crash can cause, and unexpected ones are named and do not change it.

` + authHelp

// verifyFlags are what verify is asked for.
type verifyFlags struct {
	configs, sets, tables []string
	from, to, against     string
	receiver, pipeline    string
	control               *control
	output, temporary     string
	named                 int
	quiet                 bool
}

func newVerifyCommand() *cobra.Command {
	f := verifyFlags{control: newControl()}
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
	flags.StringVar(&f.control.url, "control", "", "where the extension defender_control of the running collector serves, e.g. "+defaultURL+"; without it the collector is stopped")
	flags.StringArrayVar(&f.control.headers, "header", nil, "a header of requests to the extension, NAME: VALUE, e.g. for a proxy (repeatable)")
	flags.StringVar(&f.output, "output", "text", "text or json")
	flags.IntVar(&f.named, "named", 1000, "how many events of each kind are named; all are counted")
	flags.StringVar(&f.temporary, "temporary", "", "a directory for temporary files, 64 bytes for each event on each side (default: the system's)")
	flags.BoolVar(&f.quiet, "quiet", false, "do not say on standard error what is being done")
	return cmd
}

// period is what --from and --to say.
func (f *verifyFlags) period(now time.Time) (from, to time.Time, err error) {
	if from, err = parseMoment("from", f.from); err != nil {
		return from, to, err
	}
	if to, err = parseMoment("to", f.to); err != nil {
		return from, to, err
	}
	switch {
	case !from.Before(to):
		return from, to, errors.New("--from must be before --to, which is no part of the period")
	case to.After(now):
		return from, to, fmt.Errorf("--to is in the future: it is %s", now.UTC().Format(time.RFC3339))
	}
	return from, to, nil
}

func parseMoment(flag, text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC().Truncate(100 * time.Nanosecond), nil // as the service counts
		}
	}
	return time.Time{}, fmt.Errorf("--%s must be a time in RFC 3339, e.g. 2026-03-15T08:00:00Z, or a day in UTC, e.g. 2026-03-15; it is %q", flag, text)
}

// target is what --against says.
type target struct {
	kind    string // file or kafka
	pattern string // of files
	brokers []string
	topic   string
}

func parseTarget(text string) (target, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch {
	case kind == "file" && rest != "":
		return target{kind: kind, pattern: rest}, nil
	case kind == "kafka":
		slash := strings.LastIndex(rest, "/")
		if slash > 0 && slash < len(rest)-1 {
			return target{kind: kind, brokers: strings.Split(rest[:slash], ","), topic: rest[slash+1:]}, nil
		}
	}
	return target{}, errors.New("--against must be file:GLOB or kafka:BROKER,BROKER/TOPIC, e.g. 'file:/var/lib/x/total-events.ndjson' or kafka:localhost:9092/total-events")
}

func (f *verifyFlags) run(cmd *cobra.Command) error {
	if f.output != "text" && f.output != "json" {
		return fmt.Errorf("--output must be text or json, not %q", f.output)
	}
	from, to, err := f.period(time.Now())
	if err != nil {
		return err
	}
	against, err := parseTarget(f.against)
	if err != nil {
		return err
	}
	conf, err := f.load(cmd.Context())
	if err != nil {
		return err
	}
	v := &verifier{
		flags: f, conf: conf, against: against,
		plan:     verification.Plan{From: from, To: to, Tables: f.tables, Named: f.named, Temporary: f.temporary},
		settings: componentSettings(cmd.ErrOrStderr(), f.quiet),
	}
	if !f.quiet {
		v.plan.Progress = func(text string) { cmd.PrintErrln(text) }
	}
	report, err := v.verify(cmd.Context())
	if err != nil {
		return err
	}
	if err := f.print(cmd.OutOrStdout(), report); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return map[comparison.Verdict]error{comparison.Deviating: errFound, comparison.Unjudged: errUnjudged}[report.Verdict]
}

// load reads a configuration that the collector would accept.
func (f *verifyFlags) load(ctx context.Context) (*confmap.Conf, error) {
	locations, err := (&checkFlags{configs: f.configs, sets: f.sets}).locations()
	if err != nil {
		return nil, err
	}
	loaded, err := pipelinecheck.Load(ctx, locations)
	if err != nil {
		return nil, err
	}
	return loaded.Conf, nil
}

func (f *verifyFlags) print(out io.Writer, report *verification.Report) error {
	if f.output == "json" {
		return printJSON(out, report)
	}
	_, err := io.WriteString(out, report.Text())
	return err
}

// componentSettings are what components are made with: they log warnings, and measure nothing.
func componentSettings(errors io.Writer, quiet bool) pipeline.Settings {
	level := zapcore.WarnLevel
	if quiet {
		level = zapcore.FatalLevel
	}
	encoding := zapcore.EncoderConfig{MessageKey: "M", LevelKey: "L", EncodeLevel: zapcore.LowercaseLevelEncoder, EncodeTime: zapcore.RFC3339TimeEncoder, EncodeDuration: zapcore.StringDurationEncoder}
	return pipeline.Settings{
		Telemetry: component.TelemetrySettings{
			Logger:         zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(encoding), zapcore.AddSync(errors), level)),
			MeterProvider:  metricnoop.NewMeterProvider(),
			TracerProvider: tracenoop.NewTracerProvider(),
			Resource:       pcommon.NewResource(),
		},
		BuildInfo: component.BuildInfo{Command: "defenderctl", Version: version.Number},
	}
}

// verifier puts a verification together.
type verifier struct {
	flags    *verifyFlags
	conf     *confmap.Conf
	against  target
	plan     verification.Plan
	settings pipeline.Settings
}

func (v *verifier) verify(ctx context.Context) (report *verification.Report, err error) {
	route, err := pipeline.Find(v.conf, pipeline.Choice{
		Receiver: v.flags.receiver, Pipeline: v.flags.pipeline, Exporter: v.against.kind, Topic: v.against.topic,
	})
	if err != nil {
		return nil, err
	}
	// What was begun is ended after an interrupt too: what was spent is to be stored.
	ending := context.WithoutCancel(ctx)
	source, closeSource, err := v.openSource(ctx, route)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeSource(ending)) }()
	v.plan.Source = source
	v.plan.Opened = time.Now()
	held, closeDestination, err := v.openDestination(ctx, route)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeDestination()) }()
	v.plan.Destination = held
	chain, err := pipeline.NewChain(ctx, v.conf, route, v.settings)
	if err != nil {
		return nil, err
	}
	v.plan.DomainID = chain.DomainID()
	if err := chain.Start(ctx); err != nil {
		return nil, errors.Join(err, chain.Shutdown(ending))
	}
	defer func() { err = errors.Join(err, chain.Shutdown(ending)) }()
	v.plan.Process = func(take func(comparison.Row) error) (consumer.Logs, error) {
		chain.Take = take
		return chain, nil
	}
	report, err = verification.Run(ctx, v.plan)
	if err != nil {
		return nil, err
	}
	report.Receiver, report.Against = "receivers::"+route.Receiver.String(), v.flags.against
	return report, nil
}

// openSource opens what reads the receiver's tables again.
func (v *verifier) openSource(ctx context.Context, route pipeline.Route) (verification.Source, func(context.Context) error, error) {
	needed := []string{"auth::authenticator"}
	if v.flags.control.url == "" {
		needed = append(needed, "storage")
	}
	host, err := pipeline.NewHost(ctx, v.conf, route.Receiver, needed, v.settings)
	if err != nil {
		return nil, nil, err
	}
	v.settings.Host = host
	source, err := v.openReceiver(ctx, route.Receiver)
	if err != nil {
		return nil, nil, errors.Join(err, host.Shutdown(ctx))
	}
	return source, func(ctx context.Context) error { return errors.Join(source.Close(ctx), host.Shutdown(ctx)) }, nil
}

func (v *verifier) openReceiver(ctx context.Context, id component.ID) (*defenderreceiver.Rereading, error) {
	path := "receivers::" + id.String()
	written, err := v.conf.Sub(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: it is not a map of settings", path)
	}
	factory := defenderreceiver.NewFactory()
	cfg := factory.CreateDefaultConfig()
	if err := errors.Join(written.Unmarshal(cfg), confmap.Validate(cfg)); err != nil {
		// What is wrong may quote a secret; check knows which parts to leave out.
		return nil, fmt.Errorf("read %s: the collector would refuse its settings; `defenderctl check` says why", path)
	}
	set := receiver.Settings{ID: id, TelemetrySettings: v.settings.Telemetry, BuildInfo: v.settings.BuildInfo}
	if v.flags.control.url != "" {
		collector, err := newBeside(ctx, v.flags.control, id.String(), func(err error) {
			v.settings.Telemetry.Logger.Warn("A turn counts as a long query.", zap.Error(err))
		})
		if err != nil {
			return nil, err
		}
		return defenderreceiver.OpenRereadingBeside(ctx, set, cfg, v.settings.Host, collector, collector.complete)
	}
	source, err := defenderreceiver.OpenRereading(ctx, set, cfg, v.settings.Host)
	if err != nil {
		return nil, fmt.Errorf("open %s, whose quota is spent: %w. A running collector holds the storage: name its defender_control "+
			"extension with --control, or stop it. Run verify as its user on its machine", path, err)
	}
	if !source.HasCursors() {
		return nil, errors.Join(fmt.Errorf("the storage of %s holds no cursor, so it is not the storage of a collector that has run: "+
			"run verify on the collector's machine, with its configuration and its environment", path), source.Close(ctx))
	}
	return source, nil
}

func (v *verifier) openDestination(ctx context.Context, route pipeline.Route) (destination.Destination, func() error, error) {
	if v.against.kind == "file" {
		files, err := destination.OpenFiles(v.against.pattern)
		if err != nil {
			return nil, nil, err
		}
		return files, files.Close, nil
	}
	client, err := pipeline.KafkaClient(v.conf, route)
	if err != nil {
		return nil, nil, err
	}
	client.Brokers = v.against.brokers
	topic, err := destination.OpenTopic(ctx, destination.TopicSettings{Name: v.against.topic, Client: client, Since: v.plan.From})
	if err != nil {
		return nil, nil, err
	}
	return topic, topic.Close, nil
}
