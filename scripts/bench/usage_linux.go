package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what the kernel has counted for a process.
type usage struct {
	cpu            time.Duration // of all threads
	peak, resident int64         // bytes
	// anonymous is resident without the pages of the program's file, which the kernel takes away when it needs them.
	anonymous int64
}

// usage reads what the process has used so far.
func (c *child) usage() (usage, error) {
	pid := c.command.Process.Pid
	// The id of another process's clock, as clock_getcpuclockid(3) makes it.
	const scheduled = 2
	var cpu unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|scheduled, &cpu); err != nil { //nolint:gosec // process ids are small
		return usage{}, fmt.Errorf("read the CPU time of the %s: %w", c.name, err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return usage{}, fmt.Errorf("read the memory of the %s: %w", c.name, err)
	}
	return usage{
		cpu: time.Duration(cpu.Nano()), peak: kilobytes(string(status), "VmHWM:"),
		resident: kilobytes(string(status), "VmRSS:"), anonymous: kilobytes(string(status), "RssAnon:"),
	}, nil
}

// kilobytes is a line of /proc/PID/status, in bytes.
func kilobytes(status, name string) int64 {
	_, rest, _ := strings.Cut(status, name)
	line, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(line, "kB")), 10, 64) // 0 where it is missing
	return n << 10
}

// processorModel is the processor's name.
func processorModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(strings.TrimLeft(line, "\t :"))
}
