package main

import (
	"path/filepath"
	"runtime"
)

// programs are the paths of what a demo starts.
type programs struct{ emulator, collector string }

// programsIn are those of a directory.
func programsIn(directory, collector string) programs {
	var suffix string
	if runtime.GOOS == "windows" {
		suffix = ".exe"
	}
	return programs{
		emulator:  filepath.Join(directory, "defendersim"+suffix),
		collector: filepath.Join(directory, collector+suffix),
	}
}
