// Package version has the version that all commands print. It is the one of the distribution: a release changes it here, in
// builder-config.yaml and in that of cmd/demo-collector, and tests compare them.
package version

// Number is a semantic version without a leading v.
const Number = "0.1.0"
