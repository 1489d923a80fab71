//go:build race

package defenderreceiver

const raceEnabled = true
