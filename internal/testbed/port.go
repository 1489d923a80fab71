package testbed

import (
	"context"
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// The system gives ports above these to connections and to whoever asks for any port. A test that hands over such a port
// can find it taken again when the other side listens.
const firstPort, portRange uint32 = 20_000, 12_000

// nextPort begins anywhere, so that test programs that run at the same time do not meet.
var nextPort = func() *atomic.Uint32 {
	n := new(atomic.Uint32)
	n.Store(rand.Uint32N(portRange))
	return n
}()

// FreePort is a port of 127.0.0.1 that nobody listens on, and that the system gives to nobody. Each call gives another.
func FreePort(tb testing.TB) string {
	tb.Helper()
	for range portRange {
		port := strconv.FormatUint(uint64(firstPort+nextPort.Add(1)%portRange), 10)
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:"+port)
		if err == nil {
			require.NoError(tb, listener.Close())
			return port
		}
	}
	require.Fail(tb, "no port is free")
	return ""
}
