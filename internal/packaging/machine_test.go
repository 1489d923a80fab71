//go:build dist && linux

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// machine is this machine as its programs see it, whose changes are in a directory of their own.
type machine struct {
	t   *testing.T
	dir string
}

// changed mounts the machine where only the command sees it, and runs the command in it.
const changed = `set -e
mount -t overlay overlay -o lowerdir=/,upperdir="$1/changes",workdir="$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
root=$1/root; shift
exec chroot "$root" "$@"`

// newMachine skips the test where none can be made. Memory is preferred: a directory of a container may take no changes, and dpkg
// waits for the disk after each file.
func newMachine(t *testing.T) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, nothing was tested: only root can install packages")
	}
	var told string
	for _, parent := range []string{"/dev/shm", os.TempDir()} {
		dir, err := os.MkdirTemp(parent, "machine") //nolint:usetesting // t.TempDir cannot be told where
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		for _, name := range []string{"changes", "work", "root"} {
			require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		}
		m := &machine{t: t, dir: dir}
		out, err := m.command("true").CombinedOutput()
		if err == nil {
			return m
		}
		told = string(out)
	}
	t.Skipf("SKIPPED, nothing was tested: no overlay can be mounted here: %s", told)
	return nil
}

func (m *machine) command(arguments ...string) *exec.Cmd {
	m.t.Helper()
	all := append([]string{"--mount", "sh", "-c", changed, "sh", m.dir}, arguments...)
	command := exec.CommandContext(m.t.Context(), "unshare", all...)
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "SYSTEMD_LOG_LEVEL=warning")
	return command
}

// run is what the command prints. It must succeed.
func (m *machine) run(arguments ...string) string {
	m.t.Helper()
	out, err := m.command(arguments...).CombinedOutput()
	require.NoError(m.t, err, "%v:\n%s", arguments, out)
	return string(out)
}

// fails is what the command prints. It must not succeed.
func (m *machine) fails(arguments ...string) string {
	m.t.Helper()
	out, err := m.command(arguments...).CombinedOutput()
	require.Error(m.t, err, "%v:\n%s", arguments, out)
	return string(out)
}

// put copies a file onto the machine.
func (m *machine) put(source, path string) {
	m.t.Helper()
	content, err := os.ReadFile(source)
	require.NoError(m.t, err)
	to := filepath.Join(m.dir, "changes", path)
	require.NoError(m.t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(m.t, os.WriteFile(to, content, 0o644))
}
