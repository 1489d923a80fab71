package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Destinations of a pipeline.
const (
	intoNop   = "nop"
	intoFile  = "file"
	intoOTLP  = "otlp"
	intoKafka = "kafka"
)

// setup is what a collector is started with: a configuration of config/, and what is different here.
type setup struct {
	into      string
	processor bool
	// receivers are as many tenants; extraTables are tables of no rows beside the defaults, and onlyTable, if it is not
	// empty, leaves out all others.
	receivers   int
	extraTables int
	onlyTable   string

	service, sink, ca string // endpoints, and the service's certificate
}

// tableCount is how many tables each receiver reads.
func (s setup) tableCount() int {
	if s.onlyTable != "" {
		return 1
	}
	return len(tables.All()) + s.extraTables
}

// base is the shipped configuration that s begins with.
func (s setup) base() string {
	if s.into == intoNop {
		return "file.yaml"
	}
	return s.into + ".yaml"
}

// tree is a part of a configuration.
type tree = map[string]any

// overlay is what is laid over the shipped configuration.
func (s setup) overlay() tree {
	receivers, names := tree{}, []string{}
	for i := range max(s.receivers, 1) {
		name := "defender"
		if i > 0 {
			name += "/" + strconv.Itoa(i)
		}
		receivers[name] = s.receiver(i)
		names = append(names, name)
	}
	pipeline := tree{"receivers": names}
	overlay := tree{"receivers": receivers}
	if s.into == intoNop {
		overlay["exporters"] = tree{"nop": nil}
		pipeline["exporters"] = []string{"nop"}
	}
	if !s.processor {
		pipeline["processors"] = []string{}
	}
	overlay["service"] = tree{"pipelines": tree{"logs": pipeline}}
	return overlay
}

// receiver is the part of a receiver. The quota is not what is measured; all else is as shipped.
func (s setup) receiver(i int) tree {
	const unlimited = 1_000_000
	r := tree{
		"endpoint": s.service,
		"tls":      tree{"ca_file": s.ca},
		"credentials": tree{ //nolint:gosec // names of variables
			"tenant_id": fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "client_id": "${env:DEFENDER_CLIENT_ID}",
			"client_secret_file": "${env:DEFENDER_CLIENT_SECRET_FILE}", "authority": s.service,
		},
		"storage": "file_storage/cursors",
		"quota": tree{
			"share": 1, "requests_per_minute": unlimited, "requests_per_hour": unlimited, "cpu_per_hour": "1000h", "cpu_per_day": "10000h",
		},
	}
	settings := tree{}
	for n := range s.extraTables {
		settings[fmt.Sprintf("Bench%03dEvents", n)] = tree{"enabled": true}
	}
	if s.onlyTable != "" {
		for _, table := range tables.All() {
			settings[table.Name] = tree{"enabled": table.Name == s.onlyTable}
		}
	}
	if len(settings) > 0 {
		r["tables"] = settings
	}
	return r
}

// startCollector starts a collector in a directory of its own.
func startCollector(ctx context.Context, binary, directory string, s setup) (*child, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory for the collector: %w", err)
	}
	overlay, secret := filepath.Join(directory, "overlay.yaml"), filepath.Join(directory, "secret")
	text, err := yaml.Marshal(s.overlay())
	if err != nil {
		return nil, fmt.Errorf("write the collector's configuration: %w", err)
	}
	for path, content := range map[string][]byte{overlay: text, secret: []byte("not-a-secret")} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return nil, fmt.Errorf("write the collector's configuration: %w", err)
		}
	}
	ports, err := freePorts(ctx, 3)
	if err != nil {
		return nil, err
	}
	c, err := startChild("collector", filepath.Join(directory, "collector.log"), []string{
		"DEFENDER_TENANT_ID=tenant.example", "DEFENDER_CLIENT_ID=00000000-0000-4000-8000-00000000c11e",
		"DEFENDER_CLIENT_SECRET_FILE=" + secret, "TOTAL_DOMAIN_ID=bench", "DEFENDER_DATA_DIR=" + filepath.Join(directory, "data"),
		"HEALTH_ENDPOINT=127.0.0.1:" + ports[0], "CONTROL_ENDPOINT=127.0.0.1:" + ports[1], "METRICS_PORT=" + ports[2],
		"OTLP_ENDPOINT=" + s.sink, "OTLP_INSECURE=true", "KAFKA_BROKERS=" + s.sink,
	}, binary, "--config", filepath.Join("config", s.base()), "--config", overlay)
	if err != nil {
		return nil, err
	}
	const ready = "Everything is ready"
	if err := waitFor(ctx, time.Minute, c, "end of its start", func() bool {
		text, err := os.ReadFile(c.log)
		return err == nil && strings.Contains(string(text), ready)
	}); err != nil {
		c.kill()
		return nil, err
	}
	return c, nil
}

// freePorts are ports of this machine that nobody listens to.
func freePorts(ctx context.Context, n int) ([]string, error) {
	var ports []string
	for range n {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer listener.Close() // after all of them are found, so that none comes twice
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		ports = append(ports, port)
	}
	return slices.Clip(ports), nil
}

// events is how many lines the collector has written to its file.
func events(directory string) (int64, error) {
	files, err := filepath.Glob(filepath.Join(directory, "data", "total-events*.ndjson"))
	if err != nil {
		return 0, err
	}
	lines := int64(0)
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, fmt.Errorf("count the events: %w", err)
		}
		lines += int64(strings.Count(string(text), "\n"))
	}
	return lines, nil
}
