// Package packaging tests what `make dist` has left in dist/: the packages of Linux are installed, upgraded, removed and
// purged, the unit is judged by systemd, the image is read back and run. Its tests have a build tag, and need root on Linux.
// `make dist-test` runs them. A test that cannot run says why, and is skipped.
//
//	dist_test.go      checksums, archives, list of components
//	packages_test.go  the life of a deb and of an rpm, the unit
//	image_test.go     the image
//	machine_test.go   a machine to install on: this one, with all changes kept apart
package packaging
