package e2e

import (
	"os"
	"path/filepath"

	"github.com/stretchr/testify/require"
)

const (
	// shipped leads from testdata to the configurations that users copy.
	shipped = "../../../config/"
	// overEmulator makes a shipped configuration ask the emulator.
	overEmulator = "emulator.yaml"
)

// startShipped starts a collector with a shipped configuration. overlays lie in testdata.
func (s *stage) startShipped(name string, overlays []string, variables ...string) *collector {
	s.t.Helper()
	return s.start(run{
		configs:   append([]string{shipped + name, overEmulator}, overlays...),
		variables: append(s.shippedEnvironment(), variables...),
	})
}

// shippedEnvironment gives the variables that the shipped configurations have in common.
func (s *stage) shippedEnvironment() []string {
	s.t.Helper()
	secret := filepath.Join(s.directory, "client-secret")
	require.NoError(s.t, os.WriteFile(secret, []byte(s.sim.ClientSecret), 0o600))
	return []string{
		"DEFENDER_TENANT_ID=" + s.sim.TenantID,
		"DEFENDER_CLIENT_ID=" + s.sim.ClientID,
		"DEFENDER_CLIENT_SECRET_FILE=" + secret,
		"DEFENDER_DATA_DIR=" + s.dataDirectory(),
		"TOTAL_DOMAIN_ID=e2e-domain",
		// Any free port: whoever asks there names one.
		"HEALTH_ENDPOINT=127.0.0.1:0",
		"CONTROL_ENDPOINT=127.0.0.1:0",
		"METRICS_PORT=0",
	}
}

// dataDirectory is where collectors with shipped configurations keep what they keep.
func (s *stage) dataDirectory() string { return filepath.Join(s.directory, "data") }

// deadLetters returns the rows that a collector with a shipped configuration has put aside.
func (s *stage) deadLetters() (rows []rawRow) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dataDirectory(), "dead-letters", "*.ndjson"))
	require.NoError(s.t, err)
	for _, file := range files {
		more, broken := readRaw(s.t, file)
		require.Zero(s.t, broken, "%s holds whole lines", file)
		rows = append(rows, more...)
	}
	return rows
}

// keptEvents returns the events that the dead letters would give.
func (s *stage) keptEvents(want expected) (events []totalEvent) {
	s.t.Helper()
	for _, r := range s.deadLetters() {
		if event, ok := want.events[r.uid]; ok {
			events = append(events, event)
		}
	}
	return events
}
