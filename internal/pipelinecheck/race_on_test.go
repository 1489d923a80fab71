//go:build race

package pipelinecheck

const raceEnabled = true
