// Package ports chooses the ports of programs that tests start.
package ports

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program of a test may listen on these ports. They lie below those that systems give to outgoing connections, so that no
// connection takes one between the choice of a port and the start of the program.
const firstPort, lastPort = 10_000, 30_000

// chosen are the ports that this process has chosen.
var chosen sync.Map

// Free is a port of 127.0.0.1 that nobody listened on a moment ago, and that this process has not chosen before.
func Free(tb testing.TB) string {
	tb.Helper()
	for range 1_000 {
		number := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // no secret
		if _, known := chosen.LoadOrStore(number, true); known {
			continue
		}
		text := strconv.Itoa(number)
		listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:"+text)
		if err == nil {
			require.NoError(tb, listener.Close())
			return text
		}
	}
	require.FailNow(tb, "there is no free port of 127.0.0.1")
	return ""
}
