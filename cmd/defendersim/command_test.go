package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServesWhatItPrints(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := newCommand()
	cmd.SetOut(writer)
	cmd.SetErr(io.Discard)
	cmd.SetArgs([]string{"--listen", "127.0.0.1:0", "--state", state, "--rows-per-day", "0", "--fault", "500"})
	done := make(chan error, 1)
	go func() {
		done <- cmd.ExecuteContext(ctx)
		_ = writer.Close()
	}()

	lines := bufio.NewReader(reader)
	var printed bytes.Buffer
	for !strings.Contains(printed.String(), "storage: file_storage/cursors\n") {
		line, err := lines.ReadString('\n')
		require.NoError(t, err, printed.String())
		printed.WriteString(line)
	}
	var config struct {
		Receivers struct {
			Defender struct {
				Endpoint string
				TLS      struct {
					CAFile string `yaml:"ca_file"`
				}
				Credentials map[string]string
			}
		}
	}
	_, text, _ := strings.Cut(printed.String(), "Collector configuration:\n")
	require.NoError(t, yaml.Unmarshal([]byte(text), &config))
	receiver := config.Receivers.Defender
	assert.Equal(t, map[string]string{
		"tenant_id": defendersim.DefaultTenantID, "client_id": defendersim.DefaultClientID,
		"client_secret": defendersim.DefaultClientSecret, "authority": receiver.Endpoint,
	}, receiver.Credentials)

	pem, err := os.ReadFile(receiver.TLS.CAFile)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	res, err := (&http.Client{Transport: transport}).Get(receiver.Endpoint + "/nothing")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	transport.CloseIdleConnections()

	cancel()
	report, err := io.ReadAll(lines)
	require.NoError(t, err)
	require.NoError(t, <-done)
	assert.Contains(t, string(report), "other  404")
	assert.Contains(t, string(report), "throttled (429): 0")
}

func TestFlags(t *testing.T) {
	parse := func(args ...string) (defendersim.Options, error) {
		f := newFlags()
		cmd := newCommand()
		cmd.ResetFlags()
		f.register(cmd.Flags())
		if err := cmd.ParseFlags(args); err != nil {
			return defendersim.Options{}, err
		}
		return f.options()
	}
	o, err := parse()
	require.NoError(t, err)
	assert.Equal(t, defendersim.DefaultLimits(), *o.Limits)
	assert.Equal(t, defendersim.DefaultQuirks(), o.Quirks)
	assert.Equal(t, "127.0.0.1:8443", o.Listen)
	require.NotNil(t, o.Tenant)

	o, err = parse("--late", "0.25:36h", "--hidden=0", "--seed=7", "--requests-per-minute=3", "--rows", "DeviceEvents=x,recent", "--rows=DeviceInfo=y", "--without-tables=DeviceInfo,AlertInfo")
	require.NoError(t, err)
	assert.InDelta(t, 0.25, o.Tenant.LateShare, 0)
	assert.Equal(t, 36*time.Hour, o.Tenant.LateMax)
	assert.Zero(t, o.Tenant.HiddenShare)
	assert.Equal(t, uint64(7), o.Tenant.Seed)
	assert.Equal(t, 3, o.Limits.CallsPerMinute)
	assert.Len(t, o.RowFiles, 2)
	assert.Equal(t, []string{"DeviceInfo", "AlertInfo"}, o.WithoutTables)

	_, err = parse("--fault", "odd", "--quirks", "odd", "--rows", "odd", "--late", "odd", "--hidden", "1:odd")
	for _, flag := range []string{"--fault:", "--quirks:", "--rows:", "--late:", "--hidden:"} {
		assert.ErrorContains(t, err, flag)
	}
}
