//go:build !linux

package totalnormalizeprocessor

import "time"

type cpuTime int64 // nanoseconds

var processStart = time.Now()

// threadTime is the time that has passed: other systems do not tell what a thread has had of the CPU.
func threadTime() cpuTime { return cpuTime(time.Since(processStart)) }
