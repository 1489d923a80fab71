// Package step has what the connection tests of all receivers look at in the same way: the way to a host, the token, and
// the clock.
//
//	finding.go  what a step found
//	unreached.go what an error means that came in the place of an answer
//	token.go    what an error of Entra ID means
//	clock.go    how far this machine's clock is off
//	way.go      name, connection and TLS of one host
//	client.go   the client that asks for the way, and the proxy that it takes
package step
