// Package architecture holds the directions between the packages of this module, and what documents say of the code.
//
//	graph_test.go      the imports of every file that is not a test
//	floors_test.go     the order of the packages: one imports packages of lower floors only
//	files_test.go      how many arrows between the files of a package run back up
//	types_test.go      how many fields and methods a type has
//	promises_test.go   docs/architecture.md and docs/scheduling.md name files, tests and constants that are there
//	messages_test.go   docs/troubleshooting.md has an entry for each message of the components and of defenderctl
//	links_test.go      links between documents lead to files and headings that are there
//	appregistration_test.go  scripts/app-registration.sh, with a stub of the Azure CLI
//	workflows_test.go  the workflows call targets of the Makefile only
//
// `go test -v -run TestImportsGoDown ./internal/architecture` prints the graph.
package architecture
