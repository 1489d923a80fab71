// Command vulncheck fails when a binary contains code with a known vulnerability. `make vulncheck` runs it on a build of
// every command.
//
// The database is the Go module golang.org/x/vulndb, at the version that the list of exceptions names, so a machine needs
// a module proxy and nothing else. database.go writes it in the layout that govulncheck reads. govulncheck tells which
// vulnerable functions the linker kept in the binary; the others do not count.
//
// The list of exceptions has an entry for each vulnerability that is known and left, with the reason and the day on which
// it ends. judge.go compares the two. A finding without an exception and an exception that has ended are failures. An
// exception without a finding is only reported, because findings in the standard library depend on the installed Go.
package main
