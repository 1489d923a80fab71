package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
)

const (
	// wait is how long a test waits for what usually takes a second or two.
	wait = 60 * time.Second
	tick = 20 * time.Millisecond
	// longTick is the interval of looks that read large files.
	longTick = 200 * time.Millisecond
)

// epoch is when the emulators start: a Monday in the busiest hour. The machine's own clock says something else, as
// it may.
var epoch = time.Date(2026, time.March, 16, 14, 0, 0, 0, time.UTC)

// settle is that of collector.yaml.
const settle = 12 * time.Second

// stage is an emulator and the directory in which collectors run one after the other.
type stage struct {
	t         *testing.T
	sim       *defendersim.Server
	now       func() time.Time // the emulator's
	directory string
	raw       string // the path of file/raw
}

// newStage starts an emulator without quotas.
func newStage(t *testing.T, o defendersim.Options) *stage {
	t.Helper()
	limits := defendersim.DefaultLimits().WithoutQuotas()
	o.Limits, o.Quirks = &limits, defendersim.DefaultQuirks()
	s := &stage{t: t, sim: testbed.StartEmulator(t, o), now: o.Now, directory: t.TempDir()}
	s.raw = filepath.Join(s.directory, "raw.jsonl")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the emulator saw:\n%s", s.sim.Report())
		}
	})
	return s
}

// company is a tenant whose rows all arrive within history before epoch, or after it, and can be seen within seconds.
func company(history time.Duration, rowsPerDay int) *tenant.Config {
	cfg := tenant.DefaultConfig()
	cfg.Start, cfg.History, cfg.RowsPerDay = epoch, history, rowsPerDay
	cfg.HiddenShare = 0
	return &cfg
}

// totalFile is the path of file/total.
func (s *stage) totalFile() string { return filepath.Join(s.directory, "total.ndjson") }

// environment sets the variables of collector.yaml.
func (s *stage) environment(more ...string) []string {
	return append(append(os.Environ(),
		"E2E_DIRECTORY="+s.directory,
		"E2E_RAW_FILE="+s.raw,
		"E2E_ENDPOINT="+s.sim.URL(),
		"E2E_CA_FILE="+s.sim.CAFile(),
		"E2E_TENANT_ID="+s.sim.TenantID,
		"E2E_CLIENT_ID="+s.sim.ClientID,
		"E2E_CLIENT_SECRET="+s.sim.ClientSecret,
	), more...)
}

// holdAfter makes the emulator hold queries back from when it has returned so many rows of events until release is
// called: until then there is work left, however fast this machine is.
func (s *stage) holdAfter(rows int) (release func()) {
	s.t.Helper()
	release = s.sim.HoldAfter(int64(rows))
	s.t.Cleanup(release)
	return release
}

// returned waits until the emulator has returned so many rows of events.
func (s *stage) returned(rows int) {
	s.t.Helper()
	s.eventually(func() bool { return s.sim.Report().ReturnedEvents() >= int64(rows) }, "%d rows should be read", rows)
}

// eventually waits until done.
func (s *stage) eventually(done func() bool, what string, arguments ...any) {
	s.t.Helper()
	require.Eventually(s.t, done, wait, tick, append([]any{what}, arguments...)...)
}
