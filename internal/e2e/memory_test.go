package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memoryBound is what a collector may take while its far side is out of order, in bytes. A start with nothing to do
// takes about 150 MB, most of it the program.
const memoryBound = 400 << 20

// memory watches how much memory a process has.
type memory struct {
	c    *collector
	stop func()
	mu   sync.Mutex // guards peak
	peak int
}

// watchMemory begins to look.
func (c *collector) watchMemory() *memory {
	c.t.Helper()
	m := &memory{c: c}
	end, ended := make(chan struct{}), make(chan struct{})
	m.stop = sync.OnceFunc(func() {
		close(end)
		<-ended
	})
	c.t.Cleanup(m.stop)
	go func() {
		defer close(ended)
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-end:
				return
			case <-ticker.C:
				m.look()
			}
		}
	}()
	return m
}

func (m *memory) look() {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.c.command.Process.Pid))
	if err != nil {
		return // it has ended, or this is no Linux
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")))
			if err == nil {
				m.mu.Lock()
				m.peak = max(m.peak, kib<<10)
				m.mu.Unlock()
			}
		}
	}
}

// bounded checks the peak so far.
func (m *memory) bounded() {
	m.c.t.Helper()
	m.stop()
	m.look()
	if m.peak == 0 {
		require.False(m.c.t, procAvailable(), "the memory of the process can be read")
		m.c.t.Log("memory: not looked at, there is no /proc")
		return
	}
	assert.Less(m.c.t, m.peak, memoryBound)
	m.c.t.Logf("memory: at most %d MiB", m.peak>>20)
}

func procAvailable() bool {
	_, err := os.Stat("/proc/self/status")
	return err == nil
}
