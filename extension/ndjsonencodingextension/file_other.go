//go:build !unix

package ndjsonencodingextension

import "io/fs"

// writes is not needed on Windows: it lets nobody remove or rename a file that is open.
func writes(fs.FileInfo) bool { return false }
