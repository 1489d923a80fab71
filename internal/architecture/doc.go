// Package architecture holds the directions between the packages of this module.
//
// Its test reads the imports of every file that is not a test, and compares them with floors (floors_test.go): a
// package imports packages of lower floors only. `go test -v -run TestImportsGoDown ./internal/architecture` prints the
// graph. Other tests hold the workflows to the targets of the Makefile, and the documents for maintainers to the code.
package architecture
