package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const govulncheck = "golang.org/x/vuln/cmd/govulncheck@v1.9.0"

// place is a vulnerability in one module. An id may stand for code that several modules share, as net/http and x/net do.
type place struct {
	id, module string
}

// finding is where a vulnerability's code is in a binary.
type finding struct {
	version  string
	library  string // the path of the vulnerable package
	fixed    string // the version that mends it; empty where there is none
	function string
	binary   string
}

// scan runs govulncheck on a binary that has its symbols, and adds what is reachable in it.
func scan(binary, database string, found map[place]finding) error {
	absolute, err := filepath.Abs(database)
	if err != nil {
		return err
	}
	command := exec.Command("go", "run", govulncheck, "-db", "file://"+filepath.ToSlash(absolute),
		"-mode", "binary", "-format", "json", binary)
	// A module of this version builds with these, whatever the flags of the binary were.
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod")
	var complaints bytes.Buffer
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		return fmt.Errorf("govulncheck of %s: %w: %s", binary, err, complaints.String())
	}
	if err := readFindings(bytes.NewReader(output), filepath.Base(binary), found); err != nil {
		return fmt.Errorf("govulncheck of %s: %w", binary, err)
	}
	return nil
}

// readFindings reads what govulncheck -format json writes: a stream of objects, of which some are findings. Each is told up
// to three times: for the module, for the package and for the function; only the last means that the code is there.
func readFindings(from io.Reader, binary string, found map[place]finding) error {
	decoder := json.NewDecoder(from)
	for {
		var message struct {
			Finding *struct {
				OSV   string `json:"osv"`
				Fixed string `json:"fixed_version"`
				Trace []struct {
					Module   string `json:"module"`
					Version  string `json:"version"`
					Package  string `json:"package"`
					Function string `json:"function"`
				} `json:"trace"`
			} `json:"finding"`
		}
		switch err := decoder.Decode(&message); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case message.Finding == nil || len(message.Finding.Trace) == 0 || message.Finding.Trace[0].Function == "":
			continue
		}
		at := message.Finding.Trace[0]
		key := place{message.Finding.OSV, at.Module}
		if _, known := found[key]; !known {
			found[key] = finding{at.Version, at.Package, message.Finding.Fixed, at.Function, binary}
		}
	}
}
