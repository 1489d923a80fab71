//go:build !race

package defenderreceiver

const raceEnabled = false
