// Package browser tests the status page in Chromium, against the programs of the folder bin. Its tests have a build tag,
// so that `go test ./...` needs no browser. `make browser` runs them.
package browser
