//go:build unix

package ndjsonencodingextension

import (
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// writes says whether this process has the file open for writing, under whatever name it has by now. It says no where the
// system does not list what is open.
func writes(file fs.FileInfo) bool {
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		return false
	}
	for _, entry := range open {
		descriptor, err := strconv.Atoi(entry.Name())
		if err != nil || !opensForWriting(descriptor) {
			continue
		}
		if found, err := os.Stat("/dev/fd/" + entry.Name()); err == nil && os.SameFile(file, found) {
			return true
		}
	}
	return false
}

func opensForWriting(descriptor int) bool {
	flags, err := unix.FcntlInt(uintptr(descriptor), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE != unix.O_RDONLY
}
