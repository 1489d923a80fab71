// Package posture is Secure Score: what the objects of Graph say, which of them were delivered, the figures that metrics
// show, and which alerts belong to which control. It does no input or output.
//
//	score.go     a day's score
//	profile.go   a control as the catalog describes it
//	figures.go   what metrics show of the newest score and the catalog
//	openalerts.go  how open alerts are counted
//	alertcounter.go  how many alerts were created and resolved
//	board.go     the figures as they were read last, for those who show them
//	state.go     which days and profiles were delivered
//	table.go     a user's table of controls and techniques
//	alerts.go    the alerts of a period
//	controls.go  how many alerts belong to each control of a day
package posture
