// Package defendercontrolextension shows the receivers of Microsoft Defender, and lets a user pause, resume and test them:
// over an HTTP API, and on a page that works without scripts.
//
//	extension.go   the component: starts and ends the server
//	registry.go    the receivers and processors that are shown
//	workers.go     which worker runs which receiver, where several share them
//	routes.go      the routes
//	handler.go     what answers have in common; answer.go writes them
//	guard.go       which requests are refused: other hosts' names, other sites
//	api.go         the API in JSON; answer.go writes what it answers
//	page.go        the page; view.go says what stands on it, assets/ how it looks
//	commands.go    what a user commands, with who asked in the log
package defendercontrolextension

//go:generate go tool mdatagen metadata.yaml
