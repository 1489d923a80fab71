package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	// The program consists of these. go test repeats a cached result unless what a test imports has changed.
	_ "github.com/otelcol-defender/otelcol-defender/extension/defendercontrolextension"
	_ "github.com/otelcol-defender/otelcol-defender/extension/defenderstreamingencodingextension"
	_ "github.com/otelcol-defender/otelcol-defender/extension/ndjsonencodingextension"
	_ "github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension"
	_ "github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor"
	_ "github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if built.directory != "" {
			_ = os.RemoveAll(built.directory) // it lies in the system's temporary directory
		}
		os.Exit(code)
	}))
}

// built is the program, once a test has asked for it.
var built struct {
	once      sync.Once
	directory string
	path      string
	err       error
}

// program returns the path of otelcol-defender.
func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() { built.err = build() })
	require.NoError(t, built.err)
	return built.path
}

// build uses the compiler settings of the Makefile, and so the dependencies that it has compiled.
func build() error {
	directory, err := os.MkdirTemp("", "otelcol-defender-e2e-")
	if err != nil {
		return err
	}
	built.directory, built.path = directory, filepath.Join(directory, "otelcol-defender")
	command := exec.Command("go", "build", "-trimpath", "-tags=grpcnotrace", "-ldflags", "-s -w", "-o", built.path,
		"github.com/otelcol-defender/otelcol-defender/cmd/otelcol-defender")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build otelcol-defender: %w\n%s", err, output)
	}
	return nil
}
