package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	list := flag.String("exceptions", ".ci/vulnerabilities.yaml", "`file` with the database's version and the exceptions")
	flag.Usage = func() {
		_, _ = fmt.Fprintf(flag.CommandLine.Output(), "usage: vulncheck [-exceptions FILE] BINARY...\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	failures, err := check(*list, flag.Args())
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(2)
	}
	if failures > 0 {
		os.Exit(1)
	}
}

// check reports on all binaries and returns how many failures there were.
func check(listFile string, binaries []string) (int, error) {
	list, err := readExceptions(listFile)
	if err != nil {
		return 0, err
	}
	folder, err := os.MkdirTemp("", "vulndb")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	entries, err := fetchDatabase(list.Database, folder)
	if err != nil {
		return 0, err
	}
	found := make(map[place]finding)
	for _, binary := range binaries {
		if err := scan(binary, folder, found); err != nil {
			return 0, err
		}
	}
	verdict := judge(found, list.Exceptions, time.Now())
	for _, line := range verdict.notes {
		fmt.Println(line)
	}
	for _, line := range verdict.failures {
		fmt.Println("FAILED:", line)
	}
	fmt.Printf("vulncheck: %d binaries, %d known vulnerabilities, %d reachable, %d failures\n",
		len(binaries), entries, len(found), len(verdict.failures))
	return len(verdict.failures), nil
}
