//go:build browser

package browser

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

const (
	patience = time.Minute // for what should happen within seconds
	tick     = 100 * time.Millisecond
)

// The tenant that the emulator knows. Its secret protects nothing.
const secret = "not-a-secret~defendersim"

const configuration = `
extensions:
  file_storage: {directory: %[1]s/cursors, create_directory: true}
  defender_control: {endpoint: "%[2]s"}
receivers:
  defender:
    endpoint: https://%[3]s
    tls: {ca_file: %[1]s/sim/ca.pem}
    credentials:
      tenant_id: 11111111-2222-4333-8444-555555555555
      client_id: aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee
      client_secret: %[4]s
      authority: https://%[3]s
    storage: file_storage
    dead_letter: {directory: %[1]s/dead-letters}
    poll_interval: 1s
    settle: 2s
    backfill: {window: 2h}
    retry_on_failure: {initial_interval: 200ms, max_interval: 1s}
    pause_after_failures: 4
    quota: {share: 1, requests_per_minute: 1000, requests_per_hour: 60000}
    tables:
      DeviceProcessEvents: {enabled: false}
      DeviceNetworkEvents: {enabled: false}
      DeviceRegistryEvents: {enabled: false}
      DeviceEvents: {enabled: false}
      Alerts: {enabled: false}
processors:
  total_normalize: {domain_id: browser, tuid: {unmapped: derive}}
exporters:
  nop: {}
service:
  extensions: [file_storage, defender_control]
  pipelines:
    logs: {receivers: [defender], processors: [total_normalize], exporters: [nop]}
  telemetry: {metrics: {level: none}}
`

// stage is an emulator and a collector, which are the programs themselves.
type stage struct {
	t               *testing.T
	directory       string
	simulator, page string // HOST:PORT
}

// newStage starts both.
func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, directory: t.TempDir(), simulator: "127.0.0.1:" + ports.Free(t), page: "127.0.0.1:" + ports.Free(t)}
	s.run("defendersim", "--listen", s.simulator, "--state", filepath.Join(s.directory, "sim"), "--rows-per-day", "20000", "--history", "3h",
		"--requests-per-minute", "0", "--requests-per-hour", "0")
	s.answers("https://" + s.simulator + "/health")
	config := filepath.Join(s.directory, "config.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, configuration, s.directory, s.page, s.simulator, secret), 0o600))
	s.run("otelcol-defender", "--config", config)
	s.answers(s.url())
	return s
}

func (s *stage) url() string { return "http://" + s.page + "/" }

// run starts a program of the folder bin until the test ends.
func (s *stage) run(name string, args ...string) {
	s.t.Helper()
	program, err := filepath.Abs(filepath.Join("..", "..", "bin", name))
	require.NoError(s.t, err)
	cmd := exec.Command(program, args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(s.t, cmd.Start(), "make build makes the program")
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if s.t.Failed() {
			s.t.Logf("%s said:\n%s", name, tail(output.String()))
		}
		if name != "defendersim" { // which says how to reach it
			assert.NotContains(s.t, output.String(), secret, "no secret is told")
		}
	})
}

func tail(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}

// client trusts the emulator.
var client = http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}

func (s *stage) answers(address string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		resp, err := client.Get(address)
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	}, patience, tick, "%s should answer", address)
}

// fail lets all queries fail in a way, e.g. 503:1; empty: none does.
func (s *stage) fail(faults string) {
	s.t.Helper()
	resp, err := client.Post("https://"+s.simulator+"/_admin/faults", "text/plain", strings.NewReader(faults))
	require.NoError(s.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusNoContent, resp.StatusCode, string(text))
}

// status is what the API says.
func (s *stage) status() string {
	s.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.url()+"api/v1/status", nil)
	require.NoError(s.t, err)
	resp, err := client.Do(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return string(text)
}
