// Package version has the version that all commands print. It is the one of the distribution: a release changes it here and
// in builder-config.yaml, and a test compares them.
package version

// Number is a semantic version without a leading v.
const Number = "0.1.0"
