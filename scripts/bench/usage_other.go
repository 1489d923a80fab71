//go:build !linux

package main

import (
	"errors"
	"time"
)

// usage is what the kernel has counted for a process.
type usage struct {
	cpu                       time.Duration
	peak, resident, anonymous int64
}

func (c *child) usage() (usage, error) {
	return usage{}, errors.New("processes are measured on Linux only; the parts decode, normalize and checkpoint run elsewhere, too")
}

// processorModel is the processor's name.
func processorModel() string { return "" }
