//go:build race

package totalnormalizeprocessor

const raceEnabled = true
