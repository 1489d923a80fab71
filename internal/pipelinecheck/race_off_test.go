//go:build !race

package pipelinecheck

const raceEnabled = false
