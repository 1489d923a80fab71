// Package control is what stands between the extension defender_control and the components that it shows and commands.
//
// A component that can be shown calls Register in its Start: it finds each extension of the host that is a Registrar.
// The extension asks a Receiver for its Status when somebody looks, and passes on what a user commands. A Receiver that
// can test its connection is a Tester, too; one that can prove a day is a Reporter.
//
//	control.go  the interfaces, and how the two sides find each other
//	status.go   the form of the status, which is the JSON of GET /api/v1/status
//	summary.go  the state of a receiver, from those of its tables
package control
