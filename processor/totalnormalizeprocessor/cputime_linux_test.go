package totalnormalizeprocessor

import "syscall"

type cpuTime int64 // nanoseconds

// threadTime is the time that the thread has had the CPU.
func threadTime() cpuTime {
	const rusageThread = 1
	var usage syscall.Rusage
	if err := syscall.Getrusage(rusageThread, &usage); err != nil {
		panic(err)
	}
	return cpuTime(usage.Utime.Nano() + usage.Stime.Nano())
}
