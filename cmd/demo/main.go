// Command demo runs the whole way on one machine: the emulator with a sample tenant, the collector with
// config/demo.yaml, and TOTAL events in out/total-events.ndjson. `make run` builds what it starts and runs it in the
// root of the repository. It runs in the directory of an unpacked archive, too. The emulator and the collector are
// programs of its own directory.
//
// It begins afresh each time: what an earlier demo left in out/ is removed. The emulator goes first, then the
// collector; at the end, on a signal or when the time is up, the collector goes first, so that it ends without
// errors. Both write their logs to out/; when one of them dies, the last lines of its log are shown. What it reports
// on the way is read from the outside, from the event file and the collector's metrics.
//
//	demo.go      the sequence of a run
//	paths.go     where it reads and writes
//	programs.go  where the emulator and the collector are
//	ports.go     where everything listens
//	process.go   a child process with its log file
//	events.go    counting what the event file holds while it grows
//	metrics.go   the collector's own counters
//	report.go    what is printed, line by line
//	screen.go    the progress on a terminal, drawn in place
//
// Exit status 0 means that events were delivered and both processes ended as they should.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/otelcol-defender/otelcol-defender/internal/version"
)

func main() {
	duration := flag.Duration("duration", 0, "end after this time, e.g. 30s; 0 runs until Ctrl-C")
	portBase := flag.Int("port-base", 0, "take this port and the next three, e.g. 20000; 0 takes those of config/demo.yaml")
	collector := flag.String("collector", "otelcol-defender", "start this program of the demo's directory as collector")
	showVersion := flag.Bool("version", false, "print the version")
	flag.Parse()
	if *showVersion {
		fmt.Println("demo version " + version.Number)
		return
	}
	if flag.NArg() > 0 || *duration < 0 {
		fmt.Fprintln(os.Stderr, "usage: demo [-duration 30s] [-port-base 20000] [-collector otelcol-defender]")
		os.Exit(2)
	}
	at, err := portsFrom(*portBase)
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(2)
	}
	own, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: find the directory of the demo's programs:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = newDemo(os.Stdout, programsIn(filepath.Dir(own), *collector), at).run(ctx, *duration)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}
