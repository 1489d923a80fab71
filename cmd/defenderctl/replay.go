package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/config/configtls"

	"github.com/otelcol-defender/otelcol-defender/internal/replay"
)

const replayHelp = `replay sends the dead letters of a directory (dead_letter::directory of a receiver) to an OTLP receiver, one after the other,
and notes each that was acknowledged in a journal beside its file (X.ndjson.replayed). A run that ends early is resumed by
the next one. A letter that is refused stays, is named, and is offered again by the next run. The files of letters are never
changed, so the collector may run meanwhile.

http:// and https:// speak OTLP/HTTP, grpc:// and grpcs:// OTLP/gRPC, without and with TLS.

Exit status: 0 every letter was sent; 1 some stay; 2 the run could not be finished: run it again.`

// replayFlags are what replay is asked for.
type replayFlags struct {
	directory, endpoint, output string
	headers                     []string
	tls                         configtls.ClientConfig
}

func newReplayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:     "replay --directory DIR --endpoint URL",
		Short:   "Send dead letters to an OTLP receiver",
		Long:    replayHelp,
		Example: "  defenderctl replay --directory /var/lib/otelcol-defender/dead-letters --endpoint grpc://127.0.0.1:4317",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringVar(&f.directory, "directory", "", "where the dead letters are")
	cmd.Flags().StringVar(&f.endpoint, "endpoint", "", "URL of the OTLP receiver, e.g. http://127.0.0.1:4318 or grpcs://collector:4317")
	cmd.Flags().StringArrayVar(&f.headers, "header", nil, "KEY=VALUE sent with each request, or KEY=@FILE for a value that is a secret (repeatable)")
	cmd.Flags().StringVar(&f.tls.CAFile, "ca-file", "", "CA of the endpoint's certificate, in PEM; default: the system's")
	cmd.Flags().StringVar(&f.tls.CertFile, "cert-file", "", "client certificate, in PEM")
	cmd.Flags().StringVar(&f.tls.KeyFile, "key-file", "", "its private key, in PEM")
	cmd.Flags().StringVar(&f.output, "output", "text", "text or json")
	return cmd
}

func (f *replayFlags) run(cmd *cobra.Command) error {
	switch {
	case f.directory == "" || f.endpoint == "":
		return errors.New("say what to send and where: --directory DIR --endpoint URL")
	case f.output != "text" && f.output != "json":
		return fmt.Errorf("--output must be text or json, not %q", f.output)
	}
	sender, err := f.sender(cmd.Context())
	if err != nil {
		return err
	}
	run := replay.Run{Directory: f.directory, Sender: sender}
	result, failed := run.Do(cmd.Context())
	failed = errors.Join(failed, sender.Close())
	if f.output == "json" {
		err = printJSON(cmd.OutOrStdout(), result)
	} else {
		err = printReplay(cmd.OutOrStdout(), result)
	}
	switch {
	case failed != nil:
		return fmt.Errorf("replay is not finished; run it again to go on: %w", failed)
	case err != nil:
		return fmt.Errorf("print the result: %w", err)
	case len(result.Kept)+len(result.Unfinished) > 0:
		return errFound
	}
	return nil
}

func (f *replayFlags) sender(ctx context.Context) (replay.Sender, error) {
	headers := map[string]string{}
	for _, header := range f.headers {
		key, value, ok := strings.Cut(header, "=")
		if !ok || key == "" {
			return nil, errors.New("--header must be KEY=VALUE or KEY=@FILE")
		}
		if path, isFile := strings.CutPrefix(value, "@"); isFile {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("--header %s: %w", key, err)
			}
			value = strings.TrimSpace(string(text))
		}
		headers[strings.TrimSpace(key)] = value
	}
	secured, err := f.tls.LoadTLSConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("--ca-file, --cert-file, --key-file: %w", err)
	}
	if secured == nil {
		secured = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return replay.NewSender(f.endpoint, headers, secured)
}

func printReplay(out io.Writer, result replay.Result) error {
	var b strings.Builder
	for _, k := range result.Kept {
		fmt.Fprintf(&b, "stays   %s, line %d: %s\n", k.File, k.Line, k.Reason)
	}
	for _, u := range result.Unfinished {
		fmt.Fprintf(&b, "stays   %s: the line is not whole: it is being written, or its write was cut off\n", u)
	}
	fmt.Fprintf(&b, "sent: %d; sent earlier: %d; stay: %d\n", result.Sent, result.Earlier, len(result.Kept)+len(result.Unfinished))
	_, err := io.WriteString(out, b.String())
	return err
}
