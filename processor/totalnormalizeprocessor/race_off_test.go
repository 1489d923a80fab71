//go:build !race

package totalnormalizeprocessor

const raceEnabled = false
