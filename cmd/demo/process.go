package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// process is a child whose output goes to a log file.
type process struct {
	name    string
	logPath string
	command *exec.Cmd
	done    chan struct{} // closed when the process has ended
	err     error         // how it ended; read it after done
}

// startProcess starts the program; what it prints goes to logPath.
func startProcess(name, logPath, program string, args ...string) (*process, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, fmt.Errorf("create the log of the %s: %w", name, err)
	}
	defer log.Close() // the child has its own handle
	p := &process{name: name, logPath: logPath, command: exec.Command(program, args...), done: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = log, log
	// A Ctrl-C reaches every process of the terminal's foreground group; the order of stopping is ours to choose.
	leaveProcessGroup(p.command)
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start the %s (`make run` builds it): %w", name, err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.done)
	}()
	return p, nil
}

// stop interrupts the process and waits for its end, at most for the grace period, then kills it. Anything but an
// exit with status 0 after the interrupt is an error.
func (p *process) stop(grace time.Duration) error {
	select {
	case <-p.done:
		return p.died()
	default:
	}
	if err := p.command.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("interrupt the %s: %w", p.name, err)
	}
	select {
	case <-p.done:
	case <-time.After(grace):
		_ = p.command.Process.Kill()
		<-p.done
		return fmt.Errorf("the %s did not stop within %s and was killed\n%s", p.name, grace, p.lastLines())
	}
	if p.err != nil {
		return fmt.Errorf("the %s ended with an error: %w\n%s", p.name, p.err, p.lastLines())
	}
	return nil
}

// died describes an end that nobody asked for.
func (p *process) died() error {
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Errorf("the %s ended unexpectedly (%s)\n%s", p.name, how, p.lastLines())
}

// lastLines returns the end of the log, for a message.
func (p *process) lastLines() string {
	return p.lastLinesWith("")
}

// lastLinesWith returns the last lines of the log that contain the text.
func (p *process) lastLinesWith(wanted string) string {
	const count, width = 8, 500
	text, err := os.ReadFile(p.logPath)
	if err != nil {
		return err.Error()
	}
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"), func(line string) bool {
		return !strings.Contains(line, wanted)
	})
	lines = lines[max(0, len(lines)-count):]
	for i, line := range lines {
		lines[i] = line[:min(len(line), width)]
	}
	return fmt.Sprintf("--- %s ---\n%s\n---", p.logPath, strings.Join(lines, "\n"))
}
